// The module of the pages. Everything can be done without it; it adds keys, printing, and the notice of new records.
// It runs in Chromium 86 and Firefox 78.

for (const button of document.querySelectorAll('.needs-script')) button.classList.remove('needs-script')

document.addEventListener('click', event => {
  const act = event.target.closest && event.target.closest('[data-act]')
  if (act && act.dataset.act === 'print') window.print()
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
