// keyboard.mjs uses pages by keys alone. What has the focus is known by its accessible name, as a screen reader says it.

// keyboard opens a page in a context and returns what can be done on it. found collects what is wrong with the pages.
export async function keyboard(context, lang, found) {
	const page = await context.newPage();
	const devtools = await context.newCDPSession(page);
	await devtools.send('Accessibility.enable');
	page.on('console', (m) => {
		// an answer that refuses is no failure, though Chromium says so on its console
		if (m.type() === 'error' && !/status of (409|412|422)/.test(m.text())) found.push(`console: ${m.text()}`);
	});
	page.on('pageerror', (e) => found.push(`script: ${e.message}`));
	page.on('dialog', (d) => { found.push(`a dialog says ${d.message()}`); d.dismiss(); });
	return new Keyboard(page, devtools, lang, found);
}

const waitMs = 60_000;

// tabsMax is how many stops somebody passes on the way to a control, at most.
const tabsMax = 400;

class Keyboard {
	constructor(page, devtools, lang, found) {
		Object.assign(this, { page, devtools, lang, found, tabs: 0 });
	}

	// say returns the words of the language.
	say(zh, en) { return this.lang === 'zh' ? zh : en; }

	// until waits until a function of the page returns something true, and returns it. The page may be about to give way
	// to another one.
	async until(what, f, ...args) {
		const end = Date.now() + waitMs;
		for (;;) {
			const got = await this.page.evaluate(f, args).catch(() => false);
			if (got) return got;
			if (Date.now() > end) {
				const seen = await this.page.evaluate(() => document.body.innerText.replace(/\s+/g, ' ').slice(0, 1500)).catch(() => '');
				throw new Error(`expected ${what}, but ${this.page.url()} shows: ${seen}`);
			}
			await new Promise((done) => setTimeout(done, 20));
		}
	}

	// shows waits until the page has all these words.
	async shows(...words) {
		for (const w of words) {
			await this.until(`the words “${w}”`, ([w]) => document.body.innerText.replace(/\s+/g, ' ').includes(w), w);
		}
	}

	async heading(words) {
		await this.until(`the heading “${words}”`, ([words]) => document.querySelector('h1')?.textContent.trim() === words, words);
	}

	// focus returns what has the focus: its accessible name and description, and how it looks.
	async focus() {
		const { result } = await this.devtools.send('Runtime.evaluate', { expression: 'document.activeElement' });
		const [looks, ax] = await Promise.all([
			this.devtools.send('Runtime.callFunctionOn', {
				objectId: result.objectId, returnByValue: true, functionDeclaration: String(function () {
					const style = getComputedStyle(this);
					const box = this.getBoundingClientRect();
					const top = document.elementFromPoint(Math.min(Math.max(box.left + box.width / 2, 0), innerWidth - 1),
						Math.min(Math.max(box.top + box.height / 2, 0), innerHeight - 1));
					return {
						isNothing: this === document.body, tag: this.tagName.toLowerCase(), id: this.id, value: this.value, isTicked: this.checked,
						type: this.type,
						isOutlined: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1,
						isHidden: box.bottom <= 0 || box.top >= innerHeight || box.right <= 0 || box.left >= innerWidth ||
							!!top && !this.contains(top) && !top.contains(this),
						ground: getComputedStyle(this.closest('td') ?? this).backgroundColor,
					};
				}),
			}),
			this.devtools.send('Accessibility.getPartialAXTree', { objectId: result.objectId, fetchRelatives: false }),
		]);
		const node = ax.nodes[0];
		return {
			...looks.result.value, name: (node?.name?.value ?? '').replace(/\s+/g, ' ').trim(), role: node?.role?.value ?? '',
			node: node?.backendDOMNodeId, description: node?.description?.value ?? '', isInvalid: node?.properties?.some((p) => p.name === 'invalid' && p.value.value !== 'false'),
		};
	}

	// tab presses Tab once, or Shift+Tab, and returns what has the focus then. It must be seen, and have a name.
	async tab(back = false) {
		await this.press(back ? 'Shift+Tab' : 'Tab');
		this.tabs++;
		const at = await this.focus();
		if (at.isNothing) return at;
		const shown = `<${at.tag}> “${at.name.slice(0, 40)}” at ${new URL(this.page.url()).pathname}`;
		if (!at.isOutlined) this.complain(`the focus cannot be seen: ${shown}`);
		if (at.isHidden) this.complain(`the focus is out of sight: ${shown}`);
		if (!at.name) this.complain(`what has the focus has no name: ${shown} ${at.id}`);
		return at;
	}

	complain(finding) { if (!this.found.includes(finding)) this.found.push(finding); }

	// to moves the focus to the next control with a name, and returns it. role and back are optional.
	async to(name, { role, back } = {}) {
		const names = [];
		let ends = 0;
		for (let n = 0; n < tabsMax && ends < 2; n++) {
			const at = await this.tab(back);
			if (at.isNothing) ends++; // the end of the page: it goes on from its beginning
			else if ((name instanceof RegExp ? name.test(at.name) : at.name === name) && (!role || at.role === role)) return at;
			names.push(at.name);
		}
		throw new Error(`no Tab leads to “${name}” at ${this.page.url()}, but to ${names.slice(0, 120).join(' | ')}`);
	}

	async press(...keys) { for (const key of keys) await this.page.keyboard.press(key); }

	async type(text) { await this.page.keyboard.type(text); }

	// replace types over what stands in a field.
	async replace(text) {
		await this.press('Control+A');
		await (text ? this.type(text) : this.press('Delete'));
	}

	// date types a date into a field for dates, in the order in which the browser shows its parts.
	async date(iso) {
		const [year, month, day] = iso.split('-');
		for (const parts of [[month, day, year], [year, month, day]]) {
			for (const part of parts) {
				await this.type(part);
				if (part === year && parts[0] === year) await this.press('ArrowRight');
			}
			if ((await this.focus()).value === iso) return;
			await this.press('Shift+Tab', 'Tab');
		}
		throw new Error(`typing ${iso} makes ${(await this.focus()).value}`);
	}

	// choose moves through the options of a list until the words of one match.
	async choose(words) {
		await this.press('Home');
		for (let n = 0; n < 100; n++) {
			const chosen = await this.page.evaluate(() => document.activeElement.selectedOptions[0]?.text.trim());
			if (words instanceof RegExp ? words.test(chosen) : chosen === words) return;
			await this.press('ArrowDown');
		}
		throw new Error(`there is no choice ${words}`);
	}

	// go presses a key that leads to another page, and waits for it.
	async go(key = 'Enter') {
		await this.page.evaluate(() => { document.documentElement.dataset.isLeft = 'yes'; });
		await this.press(key);
		await this.until(`another page after ${key}`, () => document.documentElement && !document.documentElement.dataset.isLeft &&
			document.readyState === 'complete' && !!document.querySelector('h1'));
	}

	// follow goes to a link or button and presses Enter.
	async follow(name, options) {
		await this.to(name, options);
		await this.go();
	}

	async signIn({ base, account, password }) {
		await this.page.goto(`${base}/login`);
		await this.heading(this.say('登录', 'Sign in'));
		const at = await this.focus();
		if (at.name !== this.say('账号', 'Account')) throw new Error(`on the page for signing in “${at.name}” has the focus`);
		await this.type(account);
		await this.press('Tab');
		await this.type(password);
		await this.go();
	}

	// file returns the file that Enter on a link or button sends.
	async file() {
		const [download] = await Promise.all([this.page.waitForEvent('download', { timeout: waitMs }), this.press('Enter')]);
		const chunks = [];
		for await (const chunk of await download.createReadStream()) chunks.push(chunk);
		return Buffer.concat(chunks);
	}

	// round goes to the end of a page. Wherever Tab leads, it must lead on; the parts of a date are stops of one field.
	async round() {
		for (let n = 0, last = 0, stays = 0; n < 2_000; n++) {
			const at = await this.tab();
			if (at.isNothing) return;
			stays = at.node === last ? stays + 1 : 0;
			if (stays > 4) throw new Error(`Tab does not leave “${at.name}” at ${this.page.url()}`);
			last = at.node;
		}
		throw new Error(`Tab does not come to the end of ${this.page.url()}`);
	}
}
