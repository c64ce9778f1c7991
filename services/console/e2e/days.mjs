// days.mjs does the day's work of each role in Chromium, by keys alone. The plan comes as JSON from standard input; the
// answer is a line of JSON for each day (days_e2e_test.go has the types of both).
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { text } from 'node:stream/consumers';
import { chromium } from 'playwright-core';
import { keyboard } from './keyboard.mjs';
import { trials } from './trials.mjs';

const plan = JSON.parse(await text(process.stdin));

const days = {
	// Somebody goes around pages of every make: Tab leads into the page, is seen at each stop, and comes to the end.
	async rounds(k, { pages }) {
		for (const path of pages) {
			await k.page.goto(k.base + path);
			await k.to(k.say('跳到正文', 'Skip to the content'));
			await k.press('Enter');
			await k.tab();
			if (!await k.page.evaluate(() => document.querySelector('main').contains(document.activeElement))) k.complain(`the first link of ${path} does not skip to the content`);
			await k.round();
		}
	},

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
			await drop(k, file);
			await k.heading('Check the sheet');
			await k.follow('Import', { role: 'link' });
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
		const ticked = (when) => k.until(`the five centers to be ticked ${when}`, ([ids]) => ids.join() ===
			Array.from(document.querySelectorAll('input[form="ticks"]:checked'), (e) => e.value).join(), centers);
		await k.page.goBack();
		await ticked('after going back');
		await k.page.reload();
		await ticked('after a reload');
		await k.page.goForward();
		await k.shows(...centers.map((id) => k.say(`可以入账 ${id}`, `It would be accepted ${id}`)));
		const typed = await k.page.evaluate(() => document.getElementById('doc').value);
		if (typed !== doc) k.complain(`the document number became ${typed}`);
		if (await written(hand, doc) !== 0) k.complain('a dry run wrote');
		await k.to(k.say('记账', 'Record'), { role: 'button' });
		await k.press('Enter');
		await k.shows(...centers.map((id) => k.say(`已入账 ${id}`, `Recorded ${id}`)));
		if (await written(hand, doc) !== 5) k.complain(`${await written(hand, doc)} records have the document number`);
		await k.follow(k.say('待办', 'Inbox'), { role: 'link' });
		await k.follow(k.say(/^已延后/, /^Deferred/), { role: 'link' });
		await k.shows(...centers);
	},

	// The head of the finance department sees why the rate of Hangzhou is not what was reported, down to the voucher, and
	// copies the paragraph.
	async explained(k, { reported, city, rates, voucher, record }) {
		await k.follow(k.say('变动说明', 'Changes'), { role: 'link' });
		await k.to(k.say('报出数截至', 'Reported as of'));
		await k.date(reported);
		await k.go();
		await k.follow(city, { role: 'link' });
		await k.shows(k.say(`执行率 ${rates[0]}%`, `rate ${rates[0]}%`), k.say(`更正后执行率 ${rates[1]}%`, `rate after that ${rates[1]}%`));
		await k.follow(voucher, { role: 'link' });
		if (new URL(k.page.url()).pathname !== record) k.complain(`the voucher leads to ${k.page.url()}`);
		await k.shows(voucher);
		await k.page.goBack(); // the key for that is the browser's own
		await pasting(async () => {
			await k.to(k.say('情况说明', 'To copy'), { role: 'link' });
			await k.press('Enter');
			await k.to(k.say('复制', 'Copy the Chinese text'), { role: 'button' });
			await k.press('Enter');
			await k.until('a mark at the button', () => document.activeElement.textContent.endsWith('✓'));
			const letter = await pasteElsewhere(k);
			for (const part of [rates[0], voucher, '以上报出数、更正、期间发生三项之和与现在数相符']) {
				if (!letter.includes(part)) k.complain(`the paragraph that was copied lacks ${part}: ${letter}`);
			}
		});
	},

	// An auditor compares two states of a center and draws a sample, which is the one that anybody draws.
	async audit(k, { center, points, position, sample }) {
		await k.to(k.say('中心编号', 'Center'));
		await k.type(center);
		await k.to(k.say('甲时点', 'Point A'));
		await k.type(points[0]);
		await k.to(k.say('乙时点', 'Point B'));
		await k.type(points[1]);
		await k.go();
		const seen = await k.page.evaluate(() => {
			const tables = [...document.querySelectorAll('#replay table')];
			const counts = [...tables[0].rows].map((row) => [...row.cells].map((cell) => cell.textContent)).find((row) => /^(记录数|events)$/.test(row[0]));
			return { known: Number(counts[2]) - Number(counts[1]), listed: tables[tables.length - 1].tBodies[0].rows.length };
		});
		if (!(seen.known > 0) || seen.known !== seen.listed) k.complain(`${seen.known} records came between the points, ${seen.listed} are listed`);
		await k.to(k.say('张数', 'Vouchers'));
		await k.replace(String(sample.length));
		await k.to(k.say('台账位置（空为最新）', 'Position (empty for the end)'));
		await k.type(String(position));
		await k.follow(k.say('抽取', 'Draw'));
		await k.heading(k.say('抽样', 'Sample'));
		const drawn = await k.page.evaluate(() => [...document.querySelectorAll('tbody tr')].map((row) => `${row.cells[1].textContent} ${row.cells[2].textContent}`));
		if (drawn.join() !== sample.join()) k.complain(`the sample is ${drawn}, expected ${sample}`);
		const voucher = sample[0].split(' ')[1];
		await k.follow(voucher, { role: 'link' });
		await k.shows(voucher);
	},

	// The accountant of a center opens the account book of a grant and prints it.
	async book(k, { grant, print }) {
		await k.follow(grant, { role: 'link' });
		await k.heading(`${k.say('经费明细账', 'Account book')} ${grant}`);
		await k.to(k.say('打印', 'Print'), { role: 'button' });
		await k.press('Enter');
		await k.until('the window for printing', () => document.documentElement.dataset.printed);
		await k.page.pdf({ path: print, preferCSSPageSize: true, format: 'A4' });
	},

	// The office of science and technology grades several centers at once. A dry run refuses them first.
	async grades(k, { doc, hand }) {
		await k.follow(k.say('年度评价', 'Grading'), { role: 'link' });
		await k.to(k.say('列出', 'Show'), { role: 'combobox' });
		await k.choose(k.say('未评级', 'not graded'));
		await k.follow(k.say('查询', 'Ask'));
		const grades = {};
		for (const grade of k.say(['优秀', '合格', '合格'], ['excellent', 'qualified', 'qualified'])) {
			const at = await k.to(k.say(/^评定为 /, /^Decide /), { role: 'combobox' });
			await k.choose(grade);
			grades[at.name.split(' ')[1]] = grade;
		}
		const centers = Object.keys(grades);
		await k.follow(k.say('评定勾选的中心', 'Decide for the ticked centers'));
		const experts = k.say(/^专家评议份数$/, /^expert reviews$/i);
		await k.to(experts, { role: 'link' }); // what is missing leads to its field
		await k.press('Enter');
		const at = await k.focus();
		if (!experts.test(at.name) || at.role !== 'textbox') throw new Error(`the link leads to ${at.role} “${at.name}”`);
		await k.type('2');
		await k.press('Tab');
		await k.type('1');
		await k.press('Enter');
		await k.shows(...centers.map((id) => k.say(`将被拒绝 ${id}`, `It would be refused ${id}`)));
		await k.to(k.say(/^发文字号/, /^Document/), { role: 'textbox' });
		await k.type(doc);
		for (const who of k.say(['省委科技办', '省财政厅', '省级行业主管部门', '所在地政府'], ['S&T office', 'Department of Finance', 'industry department', 'local government'])) {
			await k.to(who, { role: 'checkbox' });
			await k.press('Space');
		}
		await k.press('Enter'); // in a field it is a dry run
		await k.shows(...centers.map((id) => k.say(`可以入账 ${id}`, `It would be accepted ${id}`)));
		if (await written(hand, doc) !== 0) k.complain('a dry run wrote');
		const answer = await k.focus();
		if (answer.name !== k.say('判断', 'Answer')) k.complain(`after a dry run “${answer.name}” has the focus`);
		await k.to(k.say('记账', 'Record'), { role: 'button', back: true });
		await k.press('Enter');
		await k.shows(...centers.map((id) => k.say(`已入账 ${id}`, `Recorded ${id}`)));
		if (await written(hand, doc) !== centers.length) k.complain(`${await written(hand, doc)} records have the document number`);
		await k.follow(k.say('年度评价', 'Grading'), { role: 'link' });
		const shown = await k.page.evaluate((ids) => ids.map((id) => [...document.querySelectorAll('tbody tr')]
			.find((row) => row.cells[0].textContent.trim() === id).cells[6].textContent.trim()), centers);
		for (const [i, id] of centers.entries()) {
			if (!shown[i].startsWith(grades[id])) k.complain(`the grade of ${id} is shown as ${shown[i]}`);
		}
	},
};

// written returns how many records have a document number.
async function written(hand, doc) {
	return Number(await (await fetch(`${hand}/records?doc=${encodeURIComponent(doc)}`)).text());
}

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

// drop drops a file on the page, which no key does.
async function drop(k, file) {
	await k.page.evaluate(([name, content]) => {
		const data = new DataTransfer();
		data.items.add(new File([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))], name));
		document.querySelector('main').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
	}, [basename(file), await readFile(file, 'base64')]);
}

// pasteElsewhere pastes into a page of its own, which stands for the letter, and returns what it has then.
async function pasteElsewhere(k) {
	const page = await k.page.context().newPage();
	await page.setContent('<textarea></textarea>');
	await page.evaluate(() => document.querySelector('textarea').focus());
	await page.keyboard.press('Control+V');
	const pasted = await page.evaluate(() => document.querySelector('textarea').value);
	await page.close();
	await k.page.bringToFront();
	return pasted;
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
		context.setDefaultTimeout(60_000);
		// Chromium without a window does not say that it was asked to print
		await context.addInitScript(() => { window.print = () => { document.documentElement.dataset.printed = 'yes'; }; });
		const k = await keyboard(context, day.lang, found);
		try {
			k.base = day.base;
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
