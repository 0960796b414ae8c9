/* What components share that ask a model something: the question itself, answers that stay fresh while a model trains,
   what one component tells another, and tiles. Loaded once, from <head>; it hangs on `window.playgroundAsking`. */
window.playgroundAsking = window.playgroundAsking || (() => {
  const pg = () => window.playground;
  const READ = {
    u8: buffer => new Uint8Array(buffer), f32: buffer => new Float32Array(buffer), i32: buffer => new Int32Array(buffer),
  };

  /* The other end of `Service.ask`: {name: {dtype, shape, data}} -> {name: {shape, data: a typed array}}. */
  function arrays(answer) {
    const out = {};
    for (const [name, part] of Object.entries(answer)) {
      if (!part || part.data === undefined || !READ[part.dtype]) { out[name] = part; continue; }
      out[name] = {shape: part.shape, data: READ[part.dtype](pg().decode.u8(part.data).buffer)};
    }
    return out;
  }

  /* `ask(name, args)` -> arrays, and the `origin` of the answer (origin.js), or {error: sentence}; asks the model that `tab` shows, at
     the moment that it shows. */
  function asker(server, tab) {
    return async (name, args = {}) => {
      const frame = pg().lastFrame(tab);
      if (!frame) return {error: 'There is no model yet: press Train first.'};
      const moment = frame.replay == null ? {} : {moment: frame.replay};
      let answer;
      try { answer = await server.ask([frame.run, name, {...args, ...moment}]); } catch (error) { answer = null; }
      if (!answer) return {error: 'The server did not answer. Please try again.'};
      if (answer.error) return {error: answer.error};
      return {...arrays(answer), origin: [{about: frame.about, run: frame.run, model: tab, step: answer.step}]};
    };
  }

  /* One answer that is kept fresh. `key()` is null while nobody wants it, else [subject, version]: another subject is
     asked for at once, another version of the same (the model has learned on) at most every `interval` milliseconds, and after
     `patience` times as long as the last answer took: a question holds up the training that it is put to.
     `fetch(subject)` gives the answer, `done(answer, subject)` takes it; answers of an old subject are dropped. Call the
     returned function whenever something may have changed. An error is not asked for again until the key changes. */
  function keeper({key, fetch, done, interval = 1000, patience = 0}) {
    let subject, version, busy = false, last = -Infinity, cost = 0, timer = 0;
    async function poke() {
      const now = key();
      if (now === null) { subject = undefined; return; }
      const [wanted, newest] = now.map(String), same = wanted === subject;
      if (busy || (same && newest === version)) return;
      const wait = same ? last + Math.max(interval, patience * cost) - performance.now() : 0;
      if (wait > 0) {
        clearTimeout(timer);
        timer = setTimeout(poke, wait + 5);
        return;
      }
      [subject, version, busy, last] = [wanted, newest, true, performance.now()];
      let answer;
      try { answer = await fetch(); } catch (error) { console.error(error); answer = {error: 'This could not be asked.'}; }
      busy = false;
      cost = performance.now() - last;
      const after = key();
      if (after !== null && String(after[0]) === wanted) done(answer, wanted);
      poke();
    }
    return poke;
  }

  /* One answer for everybody on a tab who wants it: `shared(ask, tab, name)` gives a function that answers like `ask(name)`. It asks once
     for each run and step that the tab shows, and of a run that goes on not before `patience` times as long has passed as the last
     answer took: until then all have the last one. Once the answer is of the last step nothing is asked any more. */
  const shelves = new Map();
  function shared(ask, tab, name, patience = 8) {
    const place = `${tab}|${name}`;
    if (!shelves.has(place)) shelves.set(place, {});
    const shelf = shelves.get(place);
    return () => {
      const frame = pg().lastFrame(tab), step = frame && frame.views.map ? frame.views.map.step : null;
      const subject = frame ? `${frame.run}|${frame.replay ?? ''}` : null;
      if (subject === shelf.subject) {
        if (shelf.asked) return shelf.asked;
        if (shelf.answer && (step === shelf.step || step <= shelf.answer.step || performance.now() < shelf.until)) return Promise.resolve(shelf.answer);
      }
      const began = performance.now(), asked = ask(name).then(answer => {
        if (shelf.asked !== asked) return answer;              // another run is shown meanwhile
        const now = performance.now();
        Object.assign(shelf, {asked: null, answer: answer.error ? null : answer, until: now + patience * (now - began)});
        return answer;
      });
      Object.assign(shelf, {subject, step, asked, answer: null});
      return asked;
    };
  }

  /* The newest of many wishes, one at a time: a drag makes more of them than can be answered. */
  function newest(work) {
    let wish = null, busy = false;
    return async what => {
      wish = {what};
      if (busy) return;
      busy = true;
      while (wish) {
        const {what: next} = wish;
        wish = null;
        try { await work(next); } catch (error) { console.error(error); }
      }
      busy = false;
    };
  }

  /* --- what one component tells another ------------------------------------------------------------------------------ */
  const topics = new Map();
  const topic = name => {
    if (!topics.has(name)) topics.set(name, {value: null, listeners: new Set()});
    return topics.get(name);
  };
  function tell(name, value) {
    const t = topic(name);
    t.value = value;
    t.listeners.forEach(listener => { try { listener(value); } catch (error) { console.error(error); } });
  }
  /* Calls back at once, then at every change, until `element` has left the page. */
  function hear(name, element, callback) {
    const t = topic(name), listener = value => {
      if (!element.isConnected && value !== null) { t.listeners.delete(listener); return; }
      callback(value);
    };
    t.listeners.add(listener);
    callback(t.value);
  }
  const told = name => topic(name).value;

  /* --- pictures ------------------------------------------------------------------------------------------------------- */
  /* Tile `i` of `images` {shape: (n, h, w) or (h, w), data} on a canvas, in its own dots. */
  function tile(canvas, images, i = 0) {
    const [h, w] = images.shape.slice(-2), image = new ImageData(w, h), from = i * w * h;
    for (let k = 0; k < w * h; k++) {
      image.data[4 * k] = image.data[4 * k + 1] = image.data[4 * k + 2] = images.data[from + k];
      image.data[4 * k + 3] = 255;
    }
    if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
    canvas.getContext('2d').putImageData(image, 0, 0);
    return canvas;
  }
  /* Thumbnail `i` of a run's sprite sheet on a canvas; false while the sheet is not there. */
  function thumbnail(canvas, sheet, still, i) {
    if (!sheet || !sheet.complete || !sheet.naturalWidth || !still || !still.tile) return false;
    const [w, h] = still.tile;
    if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
    canvas.getContext('2d').drawImage(sheet, (i % still.columns) * w, Math.floor(i / still.columns) * h, w, h, 0, 0, w, h);
    return true;
  }

  /* --- numbers as colours: the stops of views/colours.py, joined ------------------------------------------------------- */
  const rgb = text => {
    const hex = text.replace('#', '');
    return [0, 2, 4].map(k => parseInt(hex.slice(k, k + 2), 16) || 0);
  };
  const scaleStops = () => Array.from({length: 6}, (_, i) => pg().cssVar(`--scale-${i}`));
  function scalePalette(n) {
    const stops = scaleStops().map(rgb);
    return Array.from({length: n}, (_, k) => {
      const at = k / (n - 1) * (stops.length - 1), i = Math.min(stops.length - 2, Math.floor(at));
      return stops[i].map((value, c) => Math.round(value + (at - i) * (stops[i + 1][c] - value)));
    });
  }
  const scaleGradient = () => `linear-gradient(90deg, ${scaleStops().join(', ')})`;

  /* 0.01234 -> "0.0123", 123.4 -> "123": three digits that mean something */
  const digits = value => (!isFinite(value) ? '–' : Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)))).replace('-', '−');

  return {asker, keeper, shared, newest, tell, hear, told, tile, thumbnail, rgb, scalePalette, scaleGradient, digits};
})();
