/* Gives a file to the person. */
export function download(name, what) {
  const link = document.createElement('a'), url = URL.createObjectURL(what);
  Object.assign(link, {download: name, href: url});
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}
