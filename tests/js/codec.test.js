/* Decoders: what Python packs is what comes out. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {arrays, decode} from '../../playground/ui/lib/codec.js';

const base64 = array => Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('base64');

test('bytes and floats', () => {
  assert.deepEqual(decode.u8(base64(Uint8Array.of(0, 7, 255))), Uint8Array.of(0, 7, 255));
  assert.deepEqual(decode.f32(base64(Float32Array.of(-1.5, 0, 3e8))), Float32Array.of(-1.5, 0, 3e8));
  assert.equal(decode.f32('').length, 0);
});

test('positions span lo to hi, and a missing one is NaN', () => {
  const codes = Uint16Array.of(0, 65534, 65534, 0, 65535, 3);
  const {x, y} = decode.q16(base64(codes), [-1, 10], [1, 20]);
  assert.deepEqual([...x], [-1, 1, NaN]);
  assert.deepEqual([...y], [20, 10, NaN]);
  assert.deepEqual([...decode.q16(base64(Uint16Array.of(0, 0, 65534)), [0, 0, 0], [1, 1, 2], 3).z], [2]);
});

test('arrays of an answer keep their shape, and numbers stay numbers', () => {
  const {z, step, none} = arrays({z: {dtype: 'i32', shape: [1, 2], data: base64(Int32Array.of(4, -4))}, step: 30, none: null});
  assert.deepEqual(z, {shape: [1, 2], data: Int32Array.of(4, -4)});
  assert.deepEqual([step, none], [30, null]);
});
