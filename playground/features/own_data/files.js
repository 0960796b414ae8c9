/* Files on their way to the server: all of a drop, also out of folders, and one body of them all. */

/* `[path, File]` of everything that was dropped. */
export async function collected(transfer) {
  const entries = [...transfer.items].map(item => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map(file => [file.name, file]);
  return (await Promise.all(entries.map(entry => inside(entry, '')))).flat();
}
async function inside(entry, above) {
  const path = `${above}${entry.name}`;
  if (entry.isFile) return [[path, await new Promise((done, failed) => entry.file(done, failed))]];
  const reader = entry.createReader(), found = [];
  for (;;) {
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!some.length) break;
    found.push(...some);
  }
  return (await Promise.all(found.map(each => inside(each, `${path}/`)))).flat();
}

/* Eight bytes that say how long the list is, the list `[[path, bytes], …]`, and the files one behind the other. */
export function framed(files) {
  const list = new TextEncoder().encode(JSON.stringify(files.map(([path, file]) => [path, file.size])));
  const head = new DataView(new ArrayBuffer(8));
  head.setBigUint64(0, BigInt(list.length), true);
  return new Blob([head.buffer, list, ...files.map(([, file]) => file)], {type: 'application/octet-stream'});
}
