// The module of the pages. Everything can be done without it; it adds keys, printing, the notice of new records, the dry
// run while a form is filled in, and what is dropped or pasted.
// It runs in Chromium 86 and Firefox 78.

for (const button of document.querySelectorAll('.needs-script')) button.classList.remove('needs-script')

document.addEventListener('click', event => {
  const act = event.target.closest && event.target.closest('[data-act]')
  if (act && act.dataset.act === 'print') window.print()
  if (act && act.dataset.act === 'copy') {
    const range = document.createRange()
    range.selectNodeContents(document.getElementById(act.dataset.of))
    getSelection().removeAllRanges()
    getSelection().addRange(range)
    if (document.execCommand('copy') && !act.textContent.endsWith('✓')) act.textContent += ' ✓'
  }
})

document.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, select, textarea')) return
  if (event.key === '/') {
    const search = document.getElementById('search')
    if (search) { search.focus(); event.preventDefault() }
  }
  if (event.key === '?') location.href = '/help' + (document.documentElement.lang === 'en' ? '?lang=en' : '')
})

// News: the position of the ledger is asked every 30 s while the page is seen. Rows never move by themselves. If the
// session has ended, what a dry run said is removed.
const shown = document.getElementById('position')
const news = document.getElementById('news')
const prepared = document.querySelector('form.record')
if (shown && news || prepared) {
  setInterval(async () => {
    if (document.hidden) return
    try {
      const answer = await fetch('/position', { credentials: 'same-origin' })
      if (isLogin(answer)) unjudge('out')
      if (!news) return
      const count = Number(await answer.text()) - Number(shown.dataset.position)
      if (answer.ok && count > 0 && news.hidden) {
        news.insertBefore(document.createTextNode(news.dataset.words + ' (' + count + ') · '), news.firstChild)
        news.hidden = false
      }
    } catch (e) { /* the server does not answer now; it is asked again */ }
  }, 30000)
}

// Amounts in capital figures, which stand beneath the field of an amount.
const digits = '零壹贰叁肆伍陆柒捌玖'
const units = [[1e8, '亿'], [1e4, '万'], [1000, '仟'], [100, '佰'], [10, '拾']]

function wholeCapitals(n) {
  for (const [size, name] of units) {
    if (n < size) continue
    const rest = n % size
    const high = wholeCapitals(Math.floor(n / size)) + name
    if (rest === 0) return high
    return high + (rest < size / 10 ? digits[0] : '') + wholeCapitals(rest)
  }
  return digits[n]
}

// capitals reads an amount as the server does: also in full width, with the sign of the yuan before it or 元 after it.
function capitals(typed) {
  const narrow = typed.replace(/[！-～]/g, c => String.fromCharCode(c.charCodeAt(0) - 0xfee0)).replace(/\s/g, '')
  const m = /^[¥￥]*(\d+|\d{1,3}(?:,\d{3})+)(?:\.(\d{1,2}))?元?$/.exec(narrow)
  if (!m) return ''
  const yuan = Number(m[1].replace(/,/g, ''))
  if (yuan > 1e11) return ''
  const cents = ((m[2] || '') + '00').slice(0, 2)
  const [jiao, fen] = [Number(cents[0]), Number(cents[1])]
  if (!yuan && !jiao && !fen) return '零元整'
  let out = yuan ? wholeCapitals(yuan) + '元' : ''
  if (jiao) out += digits[jiao] + '角'
  else if (yuan && fen) out += digits[0]
  return out + (fen ? digits[fen] + '分' : '整')
}

// ask sends a form and returns the answer. A field of the form may have the name of one of its properties, so the
// address is read from the attribute. Of a file only the name is sent: the server says that it is not hashed yet.
const answeredIn = 60000
async function ask(form, act) {
  const values = new URLSearchParams()
  for (const [name, value] of new FormData(form)) values.append(name, typeof value === 'string' ? value : value.name)
  values.set('do', act)
  const stop = new AbortController()
  const timer = setTimeout(() => stop.abort(), answeredIn)
  try {
    const answer = await fetch(form.getAttribute('action'), { method: 'POST', body: values, credentials: 'same-origin', signal: stop.signal })
    return { answer, page: new DOMParser().parseFromString(await answer.text(), 'text/html') }
  } finally {
    clearTimeout(timer)
  }
}

// isLogin reports whether a request led to the page for signing in: the session has ended.
function isLogin(answer) { return answer.redirected && new URL(answer.url).pathname === '/login' }

// unjudge removes what a dry run said, which is about what stood in the form before or about a session that has ended.
// when names what is said instead; '' for nothing.
function unjudge(when) {
  for (const judged of document.querySelectorAll('#answers > .judged')) judged.remove()
  for (const said of document.querySelectorAll('#answers > .unjudged')) said.hidden = said.dataset.when !== when
}

// The dry run of the form of a record, while it is filled in. Only the answer is replaced, so nothing that was typed
// moves. Of several dry runs that are asked for, the last one counts.
const pause = 600
let timer = 0
let turn = 0
async function judge(form) {
  clearTimeout(timer)
  const mine = ++turn
  unjudge('now')
  try {
    const { answer, page } = await ask(form, 'try')
    if (mine !== turn) return
    const answers = page.getElementById('answers')
    if (answers) document.getElementById('answers').replaceChildren(...answers.childNodes)
    else unjudge(isLogin(answer) ? 'out' : 'lost')
  } catch (e) {
    if (mine === turn) unjudge('lost')
  }
}

document.addEventListener('input', event => {
  const form = event.target.closest('form.record')
  if (!form) return
  const field = event.target.parentNode
  const beneath = field.querySelector('.capitals')
  if (beneath) beneath.textContent = capitals(event.target.value)
  // what an earlier answer says about the field is about what stood there
  if (event.target.getAttribute('aria-invalid')) {
    event.target.removeAttribute('aria-invalid')
    const wrong = field.querySelector('.wrong')
    if (wrong) wrong.remove()
  }
  clearTimeout(timer)
  turn++ // an answer that is under way is about what stood there
  unjudge('now')
  timer = setTimeout(judge, pause, form)
})

// A form that comes filled in, for example from the inbox, is judged at once.
if (prepared && !document.querySelector('#answers > .judged')) {
  const given = [...new URLSearchParams(location.search).keys()].filter(name => !['center', 'lang'].includes(name))
  if (given.length > 0) judge(prepared)
}

// A file of evidence is hashed here and not sent: its name and its SHA-256 are filled in. A page that came without TLS
// from another machine has no cryptography; there the button 试算 sends the file to be hashed.
const hashes = window.isSecureContext && crypto.subtle
let hashing = Promise.resolve()
document.addEventListener('change', event => {
  if (hashes && event.target.matches('form.record input[type="file"]')) hashing = hash(event.target)
})

async function hash(chosen) {
  const wrong = chosen.parentNode.querySelector('.wrong')
  const file = chosen.files[0]
  wrong.hidden = true
  if (!file) return
  try {
    if (file.size === 0 || file.size > Number(chosen.dataset.mb) * 1048576) throw new RangeError(file.name)
    const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()))
    if (chosen.files[0] !== file) return
    chosen.value = ''
    document.getElementById(chosen.dataset.list + '.name').value = file.name
    const digest = document.getElementById(chosen.dataset.list + '.sha256')
    digest.value = Array.from(sum, b => b.toString(16).padStart(2, '0')).join('')
    digest.dispatchEvent(new Event('input', { bubbles: true }))
  } catch (e) {
    wrong.hidden = false
  }
}

// Forms that take long to fill in are sent by the module, so that they stay on the page until there is an answer. If
// none comes or the session has ended, what was typed can be sent again, under the id of the form.
document.addEventListener('submit', event => {
  if (!event.target.matches('form.record, form.mend')) return
  const files = [...event.target.querySelectorAll('input[type="file"]')]
  if (!hashes && event.submitter.formEnctype === 'multipart/form-data' && files.some(f => f.value)) return
  event.preventDefault()
  if (!event.target.hasAttribute('aria-busy')) send(event.target, event.submitter)
})

async function send(form, button) {
  clearTimeout(timer)
  turn++
  unjudge('')
  form.setAttribute('aria-busy', 'true')
  for (const said of form.querySelectorAll('.unsent > *')) said.hidden = true
  const say = (when, words) => {
    const said = form.querySelector('.unsent > [data-when="' + when + '"]')
    if (words) said.textContent = words
    said.hidden = false
    said.focus()
  }
  try {
    await hashing
    const { answer, page } = await ask(form, button.value)
    if (answer.redirected && !isLogin(answer)) {
      location.assign(answer.url)
      return
    }
    const main = page.querySelector('main')
    if (isLogin(answer)) say('out')
    else if (main.querySelector('form')) show(page, button)
    else say('failed', main.querySelector('p').textContent)
  } catch (e) {
    say('lost')
  }
  form.removeAttribute('aria-busy')
}

// show replaces the page by the answer to its form. The focus goes to what the answer says, or to the row that was
// added.
function show(page, button) {
  const main = document.adoptNode(page.querySelector('main'))
  document.querySelector('main').replaceWith(main)
  document.title = page.title
  const rows = button.value === 'add' && button.closest('fieldset')
  const first = rows ? document.querySelectorAll('#' + CSS.escape(rows.id) + ' > .row') : []
  const at = rows ? first[first.length - 1].querySelector('input, select, textarea') : toRead()
  if (at) at.focus()
}

// toRead returns what a page is read from: what the server names, or else the first field that must be mended.
function toRead() {
  return document.querySelector('[autofocus]') || document.querySelector('main [aria-invalid="true"]')
}
if (document.activeElement === document.body && toRead()) toRead().focus()

// A grade that is chosen ticks its center.
document.addEventListener('change', event => {
  if (!event.target.matches('select[name^="grade@"]')) return
  event.target.closest('tr').querySelector('input[name="center"]').checked = event.target.value !== ''
})

// What is ticked and chosen on a list stays when its user comes back from the next page, loads the list again, or reads
// it in the other language. It is kept in the tab alone, by account.
const list = document.querySelector('form[data-kept]')
if (list) {
  const address = href => {
    const url = new URL(href)
    url.searchParams.delete('lang')
    return url.pathname + '?' + url.searchParams
  }
  const key = 'kept ' + list.dataset.kept + ' ' + address(location.href)
  const [arrival] = performance.getEntriesByType('navigation')
  const isAgain = arrival.type !== 'navigate' || document.referrer && address(document.referrer) === address(location.href)
  const kept = isAgain && sessionStorage.getItem(key)
  if (kept) {
    const values = JSON.parse(kept)
    for (const field of list.elements) {
      const of = values.filter(([name]) => name === field.name).map(([, value]) => value)
      if (field.type === 'checkbox') field.checked = of.includes(field.value)
      else if (field.type !== 'hidden' && of.length > 0) field.value = of[0]
    }
  }
  document.addEventListener('change', () => sessionStorage.setItem(key, JSON.stringify([...new FormData(list)])))
}

// The import: a file is dropped on the form or pasted anywhere on the page, and so are cells of a spreadsheet. What is
// given is judged at once; nothing is written by that.
const sheet = document.querySelector('form.import')
if (sheet) {
  const file = document.getElementById('file')
  const paste = document.getElementById('paste')
  const take = files => {
    if (!files || files.length === 0) return false
    file.files = files
    paste.value = ''
    sheet.submit()
    return true
  }
  for (const name of ['dragenter', 'dragover']) {
    document.addEventListener(name, event => { event.preventDefault(); sheet.classList.add('over') })
  }
  document.addEventListener('dragleave', event => { if (!event.relatedTarget) sheet.classList.remove('over') })
  document.addEventListener('drop', event => {
    event.preventDefault()
    sheet.classList.remove('over')
    take(event.dataTransfer.files)
  })
  document.addEventListener('paste', event => {
    const data = event.clipboardData
    const text = data.getData('text/plain')
    if (event.target !== paste && event.target.closest && event.target.closest('input, textarea')) return
    if (!text && take(data.files)) event.preventDefault()
    else if (text.includes('\t') && paste.value === '') {
      event.preventDefault()
      paste.value = text
      file.value = ''
      sheet.submit()
    }
  })
}
