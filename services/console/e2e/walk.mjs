// walk.mjs opens pages in Chromium and prints what is wrong with them. The plan comes as JSON from standard input; the
// answer is a line of JSON for each page (pages_e2e_test.go has the types of both).
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { chromium } from 'playwright-core';
import * as checks from './checks.mjs';

const plan = JSON.parse(await text(process.stdin));
const axe = await readFile('node_modules/axe-core/axe.min.js', 'utf8');
for (const dir of [plan.pictures, plan.prints]) if (dir) await mkdir(dir, { recursive: true });

const browser = await chromium.launch({
	executablePath: plan.program,
	args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-lcd-text'],
	env: plan.exact ? { ...process.env, FONTCONFIG_FILE: resolve('fonts.conf') } : process.env,
});

// Pages of one role and language share a context, which is a browser with cookies of its own.
const groups = new Map();
plan.stops.forEach((stop, i) => {
	const key = `${stop.role} ${stop.lang}`;
	if (!groups.has(key)) groups.set(key, []);
	groups.get(key).push({ ...stop, i });
});

// axe takes most of the time, so it and the check of the focus read a page only if a part of it is made in a way that they
// have not read yet in this language: most pages are made alike for several roles.
const seen = new Set();

// Two contexts are open at a time.
const waiting = [...groups.values()];
await Promise.all([0, 1].map(async () => {
	for (let group; (group = waiting.shift());) await walk(group);
}));
await browser.close();

async function walk(stops) {
	const { lang, session } = stops[0];
	const context = await browser.newContext({
		locale: lang === 'zh' ? 'zh-CN' : 'en',
		timezoneId: 'Asia/Shanghai',
		javaScriptEnabled: plan.script,
		reducedMotion: 'reduce',
		viewport: { width: plan.widths[0], height: 900 },
	});
	context.setDefaultTimeout(60_000);
	if (session) await context.addCookies([{ name: 'tz', value: session, url: plan.base }]);
	const page = await context.newPage();
	const devtools = await context.newCDPSession(page);
	let said = [];
	page.on('console', (m) => { if (m.type() === 'error') said.push(`console: ${m.text()}`); });
	page.on('pageerror', (e) => said.push(`script: ${e.message}`));
	page.on('requestfailed', (r) => r.failure()?.errorText === 'net::ERR_ABORTED' || said.push(`request: ${r.url()} ${r.failure()?.errorText}`));

	// run calls a function inside the page. The console protocol is not bound by the policy of the page.
	const run = async (f, ...args) => {
		const { result, exceptionDetails } = await devtools.send('Runtime.evaluate', {
			expression: `(${f})(${args.map((a) => JSON.stringify(a)).join()})`, awaitPromise: true, returnByValue: true,
		});
		if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
		return result.value;
	};

	for (const stop of stops) {
		said = [];
		const found = [];
		let paint, printed;
		const started = performance.now();
		try {
			await page.setViewportSize({ width: plan.widths[0], height: 900 });
			const answer = await page.goto(plan.base + stop.address, { waitUntil: 'load' });
			if (answer.status() !== 200) found.push(`the answer is ${answer.status()} ${answer.statusText()}`);
			if (stop.press) {
				await page.click(stop.press);
				await page.waitForSelector(stop.shows);
			}
			const at = new URL(page.url());
			if (at.pathname !== new URL(stop.address, plan.base).pathname) found.push(`the page leads to ${at.pathname}`);
			found.push(...await run(checks.words, lang));
			for (const width of plan.widths) {
				if (width !== plan.widths[0]) await page.setViewportSize({ width, height: 900 });
				found.push(...(await run(checks.layout)).map((f) => `at ${width} pixels ${f}`));
				if (plan.pictures) {
					await run(() => { document.activeElement?.blur(); scrollTo(0, 0); }); // a caret blinks
					const { data } = await devtools.send('Page.captureScreenshot', plan.exact ? { format: 'png' } : { format: 'webp', quality: 50 });
					await writeFile(`${plan.pictures}/${stop.name}-${lang}${plan.exact ? '.png' : `-${width}.webp`}`, data, 'base64');
				}
			}
			if (plan.prints) {
				printed = await run(checks.printed);
				await page.pdf({ path: `${plan.prints}/${stop.name}-${lang}.pdf`, preferCSSPageSize: true, format: 'A4' });
			}
			if (plan.script && plan.axe) {
				paint = await run(checks.paint);
				const fresh = (await run(checks.makes)).map((make) => `${lang} ${make}`).filter((make) => !seen.has(make));
				if (fresh.length) {
					for (const make of fresh) seen.add(make);
					found.push(...await run(checks.focus));
					await devtools.send('Runtime.evaluate', { expression: axe });
					found.push(...await run(checks.violations));
				}
			}
		} catch (err) {
			found.push(String(err.message).split('\n', 3).join(' '));
		}
		console.log(JSON.stringify({
			stop: stop.i, findings: [...found, ...said], paintMs: paint ?? 0, tookMs: Math.round(performance.now() - started), printed,
		}));
	}
	await context.close();
}
