// trials.mjs has what happens to a form while it is filled in. As a day, each is a function of a keyboard and of what the
// test says about it; the ledger of each has the center ZJ-0001, of whose grant G1 600 yuan were received.

// The form of a voucher is filled in by keys, except what is not to change.
async function fill(k, { voucher, amount }) {
	await k.page.goto(`${k.base}/record/funds.spent`);
	await k.to('凭证号');
	await k.type(voucher);
	await k.to('收款单位');
	await k.type('杭州乙公司');
	await k.to('用途');
	await k.choose('中试');
	await k.to('经费编号');
	await k.choose(/^G1 /);
	await k.to('金额');
	await k.type(amount);
	await k.to('摘要');
	await k.type('检测');
}

const record = (k) => k.to('记账', { role: 'button' });

// written waits for the page of the record that was written, and checks how many were written since a position.
async function written(k, hand, since, notice) {
	await k.until('the page of the record', () => /^\/centers\/ZJ-0001\/records\//.test(location.pathname) && document.readyState === 'complete');
	await k.shows(notice);
	const now = await position(hand);
	if (now !== since + 1) k.complain(`from ${since} to ${now} not one record was written`);
}

async function position(hand) { return Number(await tell(hand, 'position')); }

// tell asks the test for something that somebody else does.
async function tell(hand, what) {
	const answer = await fetch(`${hand}/${what}`, { method: 'POST' });
	if (!answer.ok) throw new Error(`${what}: ${await answer.text()}`);
	return answer.text();
}

// unjudged checks that the form says so, and nothing of an earlier dry run.
async function unjudged(k, words) {
	await k.shows(words);
	const said = await k.page.evaluate(() => document.getElementById('answers').innerText);
	if (/可以入账|将被拒绝/.test(said)) k.complain(`beside “${words}” stands what is said no more: ${said}`);
}

export const trials = {
	// While an amount is typed, the page says what the ledger would say. The last answer counts, also if an earlier one
	// comes after it.
	async typing(k, { hand }) {
		const before = await position(hand);
		await fill(k, { voucher: '记-1', amount: '100.50' });
		await k.shows('可以入账 ZJ-0001', '600.00', '499.50', '壹佰元伍角整');
		await k.to('金额', { back: true });
		await k.replace('600.01');
		await k.shows('将被拒绝 ZJ-0001', '陆佰元零壹分');
		await k.replace('￥１００．５元');
		await k.shows('可以入账 ZJ-0001', '499.50', '壹佰元伍角整');
		await k.replace('-5');
		await k.shows('将被拒绝 ZJ-0001', '应大于 0');
		let release, arrived;
		const held = new Promise((done) => { release = done; });
		const came = new Promise((done) => { arrived = done; });
		let asked = 0;
		await k.page.route('**/record/funds.spent*', async (route) => {
			if (++asked === 1) {
				arrived();
				await held;
			}
			await route.continue();
		});
		await k.replace('700');
		await came;
		await unjudged(k, '正在判断现在填写的内容');
		await k.replace('50');
		await k.shows('可以入账 ZJ-0001', '550.00', '伍拾元整');
		const late = k.page.waitForEvent('requestfinished');
		release();
		await late;
		await k.page.evaluate(() => new Promise((done) => setTimeout(done))); // what waits for the answer has run
		await k.shows('可以入账 ZJ-0001', '550.00');
		await k.page.unroute('**/record/funds.spent*');
		if (await position(hand) !== before) k.complain('a dry run wrote');
	},

	async twice(k, { hand }) {
		const before = await position(hand);
		await fill(k, { voucher: '记-2', amount: '20' });
		await record(k);
		await k.page.getByRole('button', { name: '记账' }).dblclick();
		await written(k, hand, before, '已入账。');
		await fill(k, { voucher: '记-3', amount: '20' });
		await record(k);
		await k.press('Enter', 'Enter');
		await written(k, hand, before + 1, '已入账。');
	},

	// A reply is lost, once after and once before the record came to the ledger. The form stays and is sent again.
	async lost(k, { hand }) {
		for (const [i, arrives] of [true, false].entries()) {
			const before = await position(hand);
			await fill(k, { voucher: `记-${4 + i}`, amount: '30' });
			await k.shows('可以入账 ZJ-0001');
			await k.page.route('**/record/funds.spent*', async (route) => {
				if (arrives) await route.fetch({ maxRedirects: 0 });
				await route.abort();
			});
			await record(k);
			await k.press('Enter');
			await k.shows('没有收到答复');
			const at = await k.focus();
			if (at.role !== 'alert') k.complain(`after a lost reply “${at.name}” has the focus`);
			await k.page.unroute('**/record/funds.spent*');
			await record(k);
			await k.press('Enter');
			await written(k, hand, before, arrives ? '此前已入账，没有重复记账。' : '已入账。');
		}
		const failed = k.found.filter((f) => /^console: Failed to load resource: net::ERR_FAILED/.test(f));
		if (failed.length < 2) k.complain('no reply was lost');
		k.found.splice(0, k.found.length, ...k.found.filter((f) => !failed.includes(f)));
	},

	// The session ends while the form is filled in. Who signs in again in another window has the form as it was.
	async session(k, day) {
		const before = await position(day.hand);
		await fill(k, { voucher: '记-6', amount: '40' });
		await tell(day.hand, 'move?hours=10');
		await record(k);
		await k.press('Enter');
		await k.shows('登录已失效，没有提交');
		if (await k.page.evaluate(() => document.querySelector('#answers > .judged'))) k.complain('what the dry run said is still there');
		const [other] = await Promise.all([k.page.context().waitForEvent('page'), k.to('在新窗口登录').then(() => k.press('Enter'))]);
		await other.waitForSelector('input:focus'); // what is typed before goes nowhere
		await other.keyboard.type(day.account);
		await other.keyboard.press('Tab');
		await other.keyboard.type(day.password);
		await other.keyboard.press('Enter');
		await other.waitForURL(/\/centers\//);
		await other.close();
		await k.page.bringToFront();
		await record(k);
		await k.press('Enter');
		await written(k, day.hand, before, '已入账。');
	},

	// The session ends before a dry run is asked for, and while nothing is done. What the dry run before said is removed.
	async ended(k, { hand }) {
		await k.page.clock.install();
		await fill(k, { voucher: '记-20', amount: '40' });
		await k.shows('可以入账 ZJ-0001');
		await k.page.route('**/record/funds.spent*', (route) => route.abort());
		await k.replace('另一摘要');
		await unjudged(k, '没有收到答复，现在填写的内容没有判断');
		await k.page.unroute('**/record/funds.spent*');
		await k.replace('检测');
		await k.shows('可以入账 ZJ-0001');
		await tell(hand, 'move?hours=10');
		await k.page.clock.fastForward(31_000);
		await unjudged(k, '登录已失效，现在填写的内容没有判断');
		await k.replace('再一摘要');
		await unjudged(k, '登录已失效，现在填写的内容没有判断');
		k.found.splice(0, k.found.length, ...k.found.filter((f) => !/^console: Failed to load resource: net::ERR_FAILED/.test(f)));
	},

	// The form is open over midnight: it keeps its date.
	async midnight(k, { hand }) {
		const before = await position(hand);
		await fill(k, { voucher: '记-7', amount: '50' });
		await k.to('发生日期', { back: true });
		const { value } = await k.focus();
		const cookies = await k.page.context().cookies();
		await tell(hand, `midnight?session=${encodeURIComponent(cookies.find((c) => c.name === 'tz').value)}`);
		await record(k);
		await k.press('Enter');
		await written(k, hand, before, '已入账。');
		await k.shows(value);
		await k.page.goto(`${k.base}/record/funds.spent`);
		await k.to('发生日期');
		const today = (await k.focus()).value;
		if (!(today > value)) k.complain(`the next form is of ${today}, after one of ${value}`);
	},

	// Another writes to the center while the form is filled in. The page shows what, judges again, and then writes.
	async meanwhile(k, { hand }) {
		await fill(k, { voucher: '记-8', amount: '60' });
		await tell(hand, 'write');
		const before = await position(hand);
		await record(k);
		await k.press('Enter');
		await k.shows('填写期间该中心有新记录，没有写入 ZJ-0001', '其间的新记录', '经费冲减', '540.00');
		if (await position(hand) !== before) k.complain('a record was written that another one came before');
		const at = await k.focus();
		if (at.name !== '判断') k.complain(`after the refusal “${at.name}” has the focus`);
		await k.to('记账', { role: 'button', back: true });
		await k.press('Enter');
		await written(k, hand, before, '已入账。');
	},

	// A refusal has the focus, names the field and leads to it. What it says at the field goes when the field is mended.
	async refusal(k, { hand }) {
		let before = await position(hand);
		await fill(k, { voucher: '记-9', amount: '10' });
		await record(k);
		await k.press('Enter');
		await written(k, hand, before++, '已入账。');
		await fill(k, { voucher: '记-9', amount: '60' });
		await record(k);
		await k.press('Enter');
		await k.until('the refusal to have the focus', () => document.activeElement.id === 'answers');
		await k.shows('将被拒绝 ZJ-0001');
		await k.to('凭证号', { role: 'link' });
		await k.press('Enter');
		const at = await k.focus();
		if (at.name !== '凭证号' || !at.isInvalid || !at.description) k.complain(`the reason leads to ${JSON.stringify(at)}`);
		await k.replace('记-91');
		await k.shows('可以入账 ZJ-0001');
		if ((await k.focus()).isInvalid) k.complain('a field that was mended is still marked');
		if (await position(hand) !== before) k.complain('a refused record was written');
		// one more row begins in its first field
		await k.to('再加一行', { role: 'button' });
		await k.press('Enter');
		await k.until('the second row to have the focus', () => document.activeElement.id.startsWith('lines[1].'));
		if (!/60/.test(await k.page.evaluate(() => document.getElementById('lines[0].amountFen').value))) k.complain('the first row is lost');
	},

	// Hostile text in each field of a record does nothing on the pages that show it.
	async hostile(k, { hand }) {
		const text = `"><script>window.hit = 1</script><img src=x onerror="window.hit=1"><svg/onload=window.hit=1>'\`{{.}}\u202e`;
		const before = await position(hand);
		await fill(k, { voucher: '记-10', amount: '70' });
		await k.page.evaluate((text) => {
			for (const e of document.querySelectorAll('form.record input[type=text], form.record textarea')) {
				if (/^(doc|voucher|payee|summary|note|evidence\[0\]\.name)$/.test(e.name)) e.value = text;
				if (e.name === 'evidence[0].sha256') e.value = 'a'.repeat(64);
			}
		}, text);
		await record(k);
		await k.press('Enter');
		await written(k, hand, before, '已入账。');
		const address = new URL(k.page.url()).pathname;
		for (const path of [address, '/centers/ZJ-0001', '/centers/ZJ-0001/grants/G1', '/find?center=ZJ-0001', '/spending?center=ZJ-0001',
			`/search?q=${encodeURIComponent(text.slice(0, 60))}`, `/record/funds.spent?copy=${address.split('/').pop()}&center=ZJ-0001`, '/record/spending.reversed']) {
			await k.page.goto(k.base + path);
			const seen = await k.page.evaluate(() => ({
				hit: window.hit, made: document.querySelectorAll('img, main script, svg[onload], [onerror]').length, shown: document.documentElement.outerHTML.includes('window.hit'),
			}));
			if (seen.hit || seen.made) k.complain(`text does something at ${path}: ${JSON.stringify(seen)}`);
			if (!seen.shown && !path.startsWith('/search')) k.complain(`${path} does not show the text`);
		}
	},
};
