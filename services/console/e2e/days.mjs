// days.mjs does the day's work of each role in Chromium, by keys alone. The plan comes as JSON from standard input; the
// answer is a line of JSON for each day (days_e2e_test.go has the types of both).
import { text } from 'node:stream/consumers';
import { chromium } from 'playwright-core';
import { keyboard } from './keyboard.mjs';
import { trials } from './trials.mjs';

const plan = JSON.parse(await text(process.stdin));

const days = {
	// A clerk of a center pastes a sheet with mistakes, or chooses its file, mends it and submits it.
	async clerk(k, { sheet, file, mistakes, records }) {
		await k.follow(k.say('导入', 'Import'), { role: 'link' });
		await k.heading(k.say('导入', 'Import'));
		if (k.lang === 'zh') {
			await pasting(async () => {
				await copyElsewhere(k, sheet);
				await k.go('Control+V');
			});
		} else {
			await k.to('Choose a file');
			const [chooser] = await Promise.all([k.page.waitForEvent('filechooser'), k.press('Space')]);
			await chooser.setFiles(file);
			await k.follow('Judge');
		}
		await k.heading(k.say('核对表格', 'Check the sheet'));
		await k.shows(k.say(`可以入账 ${records - mistakes.length}`, `accepted ${records - mistakes.length}`),
			k.say(`有错误 ${mistakes.length}`, `refused ${mistakes.length}`));
		for (const [i, { row, heading, mend }] of mistakes.entries()) {
			const name = k.say(`第 ${row} 行 ${heading}`, `Row ${row} ${heading}`);
			const at = i === 0 ? await k.focus() : await k.to(name);
			if (at.name !== name) throw new Error(`the first bad cell is not ready to be mended: “${at.name}” has the focus`);
			if (!at.isInvalid || !at.description || at.ground !== 'rgb(253, 236, 234)') k.complain(`nothing says what is wrong in ${name}: ${JSON.stringify(at)}`);
			await k.replace(mend);
		}
		await k.follow(k.say('重新判断', 'Judge again'));
		await k.shows(k.say(`可以入账 ${records}`, `accepted ${records}`), k.say('有错误 0', 'refused 0'));
		await k.follow(k.say(`提交 ${records} 条记录`, `Submit ${records} records`));
		await k.heading(k.say('导入结果', 'Result of the import'));
		await k.shows(k.say(`已入账 ${records}`, `recorded ${records}`));
		await k.follow(k.say('我的导入', 'My imports'));
		await k.to(k.say('下载', 'Download'));
		const marked = await k.file();
		if (marked.subarray(0, 2).toString() !== 'PK') k.complain('the marked copy is no workbook');
	},

	// A clerk of the finance department defers several centers under one document number.
	async deferrals(k, { doc, hand, center }) {
		const written = async () => Number(await (await fetch(`${hand}/records?doc=${encodeURIComponent(doc)}`)).text());
		await k.follow(k.say('待办', 'Inbox'), { role: 'link' });
		await k.to(k.say('发文字号（所选中心共用）', 'Document number, for all chosen centers'));
		await k.type(doc);
		const centers = [];
		while (centers.length < 5) {
			const at = await k.to(k.say(/^选择 ZJ-/, /^Choose ZJ-/), { role: 'checkbox' });
			const id = at.name.split(' ')[1];
			if (id === center) continue; // to which the clerk writes meanwhile
			await k.press('Space');
			centers.push(id);
		}
		await k.go(); // Enter in a field of a form sends it
		await k.shows(...centers.map((id) => k.say(`可以入账 ${id}`, `It would be accepted ${id}`)));
		const typed = await k.page.evaluate(() => document.getElementById('doc').value);
		if (typed !== doc) k.complain(`the document number became ${typed}`);
		if (await written() !== 0) k.complain('a dry run wrote');
		await k.to(k.say('记账', 'Record'), { role: 'button' });
		await k.press('Enter');
		await k.shows(...centers.map((id) => k.say(`已入账 ${id}`, `Recorded ${id}`)));
		if (await written() !== 5) k.complain(`${await written()} records have the document number`);
		await k.follow(k.say('待办', 'Inbox'), { role: 'link' });
		await k.follow(k.say(/^已延后/, /^Deferred/), { role: 'link' });
		await k.shows(...centers);
	},
};

// The clipboard is one for all pages of the browser.
let pasted = Promise.resolve();
function pasting(act) {
	const mine = pasted.then(act);
	pasted = mine.catch(() => {});
	return mine;
}

// copyElsewhere copies cells in a page of its own, which stands for the spreadsheet.
async function copyElsewhere(k, cells) {
	const page = await k.page.context().newPage();
	await page.setContent('<textarea autofocus></textarea>');
	await page.evaluate((cells) => { document.querySelector('textarea').value = cells; document.querySelector('textarea').focus(); }, cells);
	await page.keyboard.press('Control+A');
	await page.keyboard.press('Control+C');
	await page.close();
	await k.page.bringToFront();
}

const browser = await chromium.launch({
	executablePath: plan.program,
	args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});

// Two days are under way at a time.
const waiting = [...plan.days.entries()];
await Promise.all([0, 1].map(async () => {
	for (let next; (next = waiting.shift());) {
		const [i, day] = next;
		const started = performance.now();
		const found = [];
		const context = await browser.newContext({
			locale: day.lang === 'zh' ? 'zh-CN' : 'en', timezoneId: 'Asia/Shanghai', reducedMotion: 'reduce', viewport: { width: 1280, height: 900 },
		});
		context.setDefaultTimeout(20_000);
		const k = await keyboard(context, day.lang, found);
		try {
			await k.signIn(day);
			await ({ ...days, ...trials })[day.name](k, day);
		} catch (err) {
			found.push(String(err.stack).split('\n').slice(0, 3).join(' '));
			if (plan.pictures) await k.page.screenshot({ path: `${plan.pictures}/${day.name}-${day.lang}.png` });
		}
		await context.close();
		console.log(JSON.stringify({ day: i, findings: found, tabs: k.tabs, tookMs: Math.round(performance.now() - started) }));
	}
}));
await browser.close();
