// unpack.mjs writes the old browsers beside their packages, which hold them compressed.
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';

await Promise.all(['86', '90', '108'].map((version) => pipeline(
	createReadStream(`node_modules/chromium-${version}/bin/chromium.br`),
	createBrotliDecompress(),
	createWriteStream(`chromium-${version}`, { mode: 0o755 }),
)));
