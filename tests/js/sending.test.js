/* Files on their way to the server: read as base64, or not to be read. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {base64} from '../../playground/ui/lib/sending.js';

/* A browser's FileReader, as far as it is asked for; a file is a text, or an error. */
globalThis.FileReader = /** @type {any} */ (class {
  readAsDataURL(file) {
    setTimeout(() => {
      if (file instanceof Error) { this.onerror(file); return; }
      this.result = `data:text/plain;base64,${Buffer.from(file).toString('base64')}`;
      this.onload();
    }, 0);
  }
});

test('a file is read without its address, and an empty one is nothing', async () => {
  assert.equal(await base64('a picture'), 'YSBwaWN0dXJl');
  assert.equal(await base64(''), '');
});

test('a file that cannot be read is null, not an exception', async () => {
  assert.equal(await base64(new Error('gone')), null);
});
