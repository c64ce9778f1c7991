// checks.mjs holds what is checked in a page. Each function runs inside the browser, uses nothing outside itself, and
// returns findings: sentences about what is wrong.

// words checks the language and the headings of a page.
export function words(lang) {
	const found = [];
	const root = document.documentElement;
	if (root.lang.slice(0, 2) !== lang) found.push(`the language of the page is ${root.lang}, not ${lang}`);
	const heads = [...document.querySelectorAll('h1')];
	if (heads.length !== 1) found.push(`there are ${heads.length} headings h1`);
	if (heads.some((h) => !h.textContent.trim())) found.push('the heading h1 is empty');
	if (!document.title.trim()) found.push('the title is empty');
	if (!(document.querySelector('main') ?? document.body).textContent.trim()) found.push('the page is empty');
	return found;
}

// layout checks that the page is not wider than the window and that no text is cut.
export function layout() {
	const found = [];
	const name = (e) => `<${e.tagName.toLowerCase()}${e.id ? ` id=${e.id}` : ''}${e.className ? ` class="${e.getAttribute('class')}"` : ''}>` +
		` "${e.textContent.trim().replace(/\s+/g, ' ').slice(0, 40)}"`;
	const root = document.scrollingElement;
	if (root.scrollWidth > root.clientWidth) {
		const wide = [...document.body.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > root.clientWidth + 0.5);
		found.push(`the page is ${root.scrollWidth} pixels wide in a window of ${root.clientWidth}` +
			(wide.length ? `, by ${name(wide[0])}` : ''));
	}
	for (const e of document.body.querySelectorAll('*')) {
		if (e.scrollWidth <= e.clientWidth + 1 && e.scrollHeight <= e.clientHeight + 1) continue;
		if (e.clientWidth <= 1 || e.clientHeight <= 1 || !e.textContent.trim()) continue; // is for screen readers alone
		const style = getComputedStyle(e);
		const cuts = (overflow) => overflow === 'hidden' || overflow === 'clip';
		if (e.scrollWidth > e.clientWidth + 1 && cuts(style.overflowX) ||
			e.scrollHeight > e.clientHeight + 1 && cuts(style.overflowY)) {
			found.push(`text is cut: ${name(e)}`);
		}
	}
	return found.slice(0, 5);
}

// focus gives the focus to one element of each kind and checks that this can be seen.
export function focus() {
	const found = [];
	const looks = (e) => {
		const s = getComputedStyle(e);
		return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 1 ? 'outlined' :
			[s.boxShadow, s.borderColor, s.borderWidth, s.backgroundColor, s.textDecorationLine].join();
	};
	const kinds = new Set();
	for (const e of document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')) {
		if (e.disabled || e.tabIndex < 0 || e.type === 'hidden' || !e.getClientRects().length) continue;
		const kind = [e.parentElement.tagName, e.parentElement.className, e.tagName, e.className, e.type].join();
		if (kinds.has(kind)) continue;
		kinds.add(kind);
		document.activeElement?.blur();
		const before = looks(e);
		e.focus();
		if (document.activeElement !== e) continue;
		const after = looks(e);
		const box = e.getClientRects()[0];
		const shown = `<${e.tagName.toLowerCase()} class="${e.className}"> "${(e.textContent || e.name || '').trim().slice(0, 40)}"`;
		if (after !== 'outlined' && after === before) found.push(`the focus cannot be seen: ${shown}`);
		const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
		if (top && top !== e && !e.contains(top) && !top.contains(e)) {
			found.push(`the focus is hidden by <${top.tagName.toLowerCase()} class="${top.className}">: ${shown}`);
		}
	}
	document.activeElement?.blur();
	scrollTo(0, 0);
	return found.slice(0, 5);
}

// makes returns how the parts of the page are made: their elements, classes and attributes without the texts and the
// addresses. Rows of one make count once, and so do the entries of a menu.
export function makes() {
	const variable = new Set(['id', 'for', 'href', 'value', 'aria-current', 'aria-describedby', 'aria-labelledby', 'action', 'datetime', 'title',
		'aria-label', 'placeholder', 'd', 'x', 'y', 'x1', 'x2', 'y1', 'y2', 'width', 'height', 'points', 'transform']);
	const make = (e) => {
		const said = [e.tagName];
		for (const a of e.attributes) said.push(variable.has(a.name) ? `${a.name}=${a.value ? 1 : ''}` : `${a.name}=${a.value}`);
		const parts = [];
		for (const child of e.childNodes) {
			const part = child.nodeType === Node.ELEMENT_NODE ? make(child) : child.nodeType === Node.TEXT_NODE && child.data.trim() ? '.' : '';
			if (part && !parts.includes(part)) parts.push(part);
		}
		return `${said.join(' ')}(${parts.join()})`;
	};
	return [...document.body.children].map(make);
}

// violations asks axe, which must have been loaded, for what breaks WCAG 2.2 AA. Of a long table it reads the first rows
// and the last, since the others are made alike.
export async function violations() {
	for (const body of document.querySelectorAll('tbody')) {
		const rows = [...body.rows];
		for (const row of rows.slice(12, -3)) row.remove();
	}
	const result = await axe.run(document, {
		runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
		resultTypes: ['violations'],
		elementRef: false,
	});
	return result.violations.map((v) => `axe ${v.id}: ${v.help}: ${v.nodes[0].html.slice(0, 200)}` +
		` (${v.nodes.length}; ${(v.nodes[0].any[0] ?? v.nodes[0].all[0] ?? v.nodes[0].none[0])?.message ?? ''})`);
}

// paint returns after how many milliseconds the page was first painted, or nothing.
export function paint() {
	return performance.getEntriesByName('first-contentful-paint')[0]?.startTime;
}

// printed returns what the print of the page is compared with: the words of the bars, and of the only table its headings
// and words of its last row that stand nowhere else.
export function printed() {
	const plain = (e) => e.textContent.replace(/\s+/g, '');
	const tables = document.querySelectorAll('main table, body > table');
	const table = tables.length === 1 ? tables[0] : undefined;
	const last = table && [...table.tBodies].flatMap((body) => [...body.rows]).pop();
	const all = plain(document.querySelector('main') ?? document.body);
	const isAlone = (words) => words && all.indexOf(words) === all.lastIndexOf(words);
	return {
		bars: [...[...document.querySelectorAll('header a, header button')].map(plain).filter((words) => words && !all.includes(words)),
			...[...document.querySelectorAll('main button, main .button')].map(plain).filter(isAlone)],
		headings: table ? [...table.querySelectorAll('thead th')].map(plain).filter(Boolean) : [],
		lastRow: last ? [...last.cells].map(plain).find(isAlone) ?? '' : '',
	};
}
