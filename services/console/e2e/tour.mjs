// tour.mjs signs in with one browser by the keyboard, changes the password, opens pages, uses a form and takes a file. The
// plan comes as JSON from standard input; the answer is a line of JSON for each stop, as from walk.mjs.
import { text } from 'node:stream/consumers';
import { chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';
import * as checks from './checks.mjs';

const plan = JSON.parse(await text(process.stdin));
const isFirefox = plan.program.includes('firefox');

// Both libraries have the methods of pages that are used here. Playwright drives old Chromiums too, but no Firefox of a
// distribution.
const browser = isFirefox ?
	await puppeteer.launch({ browser: 'firefox', executablePath: plan.program, headless: true,
		extraPrefsFirefox: { 'intl.accept_languages': 'zh-CN' } }) :
	await chromium.launch({ executablePath: plan.program, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
const page = await browser.newPage(isFirefox ? undefined : { locale: 'zh-CN', viewport: { width: plan.widths[0], height: 900 } });
if (isFirefox) await page.setViewport({ width: plan.widths[0], height: 900 });
let found = [];
page.on('console', (m) => { if (m.type() === 'error') found.push(`console: ${m.text()}`); });
page.on('pageerror', (e) => found.push(`script: ${e.message}`));

// until waits until an expression of the page is true. The page may be about to give way to another.
async function until(what, f, ...args) {
	const end = Date.now() + 20_000;
	for (;;) {
		if (await page.evaluate(f, ...args).catch(() => false)) return;
		if (Date.now() > end) throw new Error(`${what}, but ${page.url()} shows: ${await page.evaluate(() => document.body.innerText.slice(0, 300))}`);
		await new Promise((done) => setTimeout(done, 20));
	}
}
const focused = () => until('expected a field with the focus', () => document.activeElement.matches('input'));

async function keys(...list) {
	for (const key of list) await (key === 'Tab' || key === 'Enter' ? page.keyboard.press(key) : page.keyboard.type(key));
}

const acts = {
	async enter({ account, given, chosen }) {
		await page.goto(`${plan.base}/login`);
		await focused();
		await keys(account, 'Tab', given, 'Enter');
		await until('expected the page for changing the password', () => document.querySelector('h1').textContent === '更换密码');
		await focused();
		await keys(given, 'Tab', chosen, 'Tab', chosen, 'Enter');
		await until('expected another page', () => document.querySelector('h1')?.textContent !== '更换密码');
	},
	async open({ address }) {
		const answer = await page.goto(plan.base + address, { waitUntil: 'load' });
		if (answer.status() !== 200) found.push(`the answer is ${answer.status()}`);
		found.push(...await page.evaluate(checks.words, 'zh'), ...await page.evaluate(checks.layout));
	},
	// ask fills in a field of a form and sends it by Enter.
	async ask({ address, field, value, leads }) {
		await page.goto(plan.base + address);
		await page.focus(field);
		await page.keyboard.type(value);
		await page.keyboard.press('Enter');
		await until(`expected an address with ${leads}`, (part) => location.href.includes(part), leads);
	},
	// attach chooses a file of evidence: the page fills in its name and its SHA-256, and does not send it.
	async attach({ address, field, value, leads }) {
		await page.goto(plan.base + address);
		await page.evaluate(({ selector, content }) => {
			const chosen = document.querySelector(selector);
			const files = new DataTransfer();
			files.items.add(new File([content], '发票.pdf'));
			chosen.files = files.files;
			chosen.dispatchEvent(new Event('change', { bubbles: true }));
		}, { selector: field, content: value });
		await until(`expected the SHA-256 ${leads}`, (sum) => document.getElementById('evidence[0].sha256').value === sum &&
			document.getElementById('evidence[0].name').value === '发票.pdf' && !document.querySelector('input[type="file"]').value, leads);
	},
	// take takes a file that a link of a page leads to.
	async take({ address, link }) {
		await page.goto(plan.base + address);
		const file = await page.evaluate(async (selector) => {
			const answer = await fetch(document.querySelector(selector).href);
			return { status: answer.status, named: answer.headers.get('Content-Disposition'), size: (await answer.arrayBuffer()).byteLength };
		}, link);
		if (file.status !== 200 || !file.named?.startsWith('attachment') || !file.size) found.push(`the file is ${JSON.stringify(file)}`);
	},
};

for (const [i, stop] of plan.stops.entries()) {
	const started = performance.now();
	found = [];
	try {
		await acts[stop.act](stop);
	} catch (err) {
		found.push(String(err.message));
	}
	console.log(JSON.stringify({ stop: i, findings: found, paintMs: 0, tookMs: Math.round(performance.now() - started) }));
}
await browser.close();
