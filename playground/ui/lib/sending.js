/* A file, or several as one body, on its way to the server. */

export const UNREADABLE = 'This file could not be read: it may have been changed, moved or deleted since it was chosen. Choose it once more.';

/* What a file is, without its address; null where it cannot be read. */
export const base64 = file => new Promise(done => {
  const reader = new FileReader();
  reader.onload = () => done(String(reader.result).split(',')[1] || '');
  reader.onerror = () => done(null);
  reader.readAsDataURL(file);
});

/* The JSON that comes back, or null; `tell(0…1)` while the body goes out. */
export function send(url, body, signal, tell) {
  return new Promise(done => {
    const request = new XMLHttpRequest();
    request.open('POST', url);
    request.responseType = 'json';
    request.upload.addEventListener('progress', event => { if (event.lengthComputable) tell(event.loaded / event.total); });
    request.upload.addEventListener('load', () => tell(1));
    request.addEventListener('loadend', () => done(request.response));
    signal.addEventListener('abort', () => request.abort());
    request.send(body);
  });
}
