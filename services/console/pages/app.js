// The module of the pages. Everything can be done without it; it adds keys, printing, and the notice of new records.
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
    if (document.execCommand('copy')) act.textContent += ' ✓'
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

// News: the position of the ledger is asked every 30 s while the page is seen. Rows never move by themselves.
const shown = document.getElementById('position')
const news = document.getElementById('news')
if (shown && news) {
  setInterval(async () => {
    if (document.hidden) return
    try {
      const answer = await fetch('/position', { credentials: 'same-origin', redirect: 'error' })
      const count = Number(await answer.text()) - Number(shown.dataset.position)
      if (answer.ok && count > 0 && news.hidden) {
        news.insertBefore(document.createTextNode(news.dataset.words + ' (' + count + ') · '), news.firstChild)
        news.hidden = false
      }
    } catch (e) { /* the server does not answer now; it is asked again */ }
  }, 30000)
}

// The form of a record: a dry run while it is filled in, and amounts in capital figures beneath them. Only the answers
// are replaced, so nothing that was typed moves.
const record = document.querySelector('form.record')
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

function capitals(typed) {
  const m = /^(\d{1,12})(?:\.(\d{1,2}))?$/.exec(typed.replace(/[,\s]/g, ''))
  if (!m) return ''
  const yuan = Number(m[1])
  const cents = ((m[2] || '') + '00').slice(0, 2)
  const [jiao, fen] = [Number(cents[0]), Number(cents[1])]
  if (!yuan && !jiao && !fen) return '零元整'
  let out = yuan ? wholeCapitals(yuan) + '元' : ''
  if (jiao) out += digits[jiao] + '角'
  else if (yuan && fen) out += digits[0]
  return out + (fen ? digits[fen] + '分' : '整')
}

if (record) {
  let timer = 0
  let turn = 0
  record.addEventListener('input', event => {
    const beneath = event.target.parentNode.querySelector('.capitals')
    if (beneath) beneath.textContent = capitals(event.target.value)
    clearTimeout(timer)
    timer = setTimeout(async () => {
      const mine = ++turn
      const values = new URLSearchParams(new FormData(record))
      values.set('do', 'try')
      try {
        const answer = await fetch(record.action, { method: 'POST', body: values, credentials: 'same-origin', redirect: 'error' })
        const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
        const answers = page.getElementById('answers')
        if (mine === turn && answers) {
          document.getElementById('answers').replaceWith(document.adoptNode(answers))
        }
      } catch (e) { /* the server does not answer now; the button 试算 says so */ }
    }, 600)
  })
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
