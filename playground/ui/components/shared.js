/* What all components of the page share: the bus between a run bar and its views, decoders, and the one loop that
   decides when a view may draw. Loaded once, from <head>; everything hangs on `window.playground`. */
(() => {
  if (window.playground) return;

  /* --- colours: the style sheet that views/colours.py makes (and no second padding around our cards) ------------ */
  const style = document.createElement('style');
  style.textContent = `${window.playgroundColours || ''} .playground-view > .html-container { padding: 0 !important; }`;
  document.head.appendChild(style);

  const cssVar = name => getComputedStyle(document.body).getPropertyValue(name).trim();
  const roleColour = role => cssVar(`--role-${role.replace('_', '-')}`) || cssVar('--body-text-color');
  const classColours = () => Array.from({length: 10}, (_, i) => cssVar(`--class-${i}`));
  const isDark = () => document.body.classList.contains('dark');

  const themeListeners = new Set();
  const onTheme = callback => { themeListeners.add(callback); return () => themeListeners.delete(callback); };
  let wasDark = null;
  const watchTheme = () => {
    wasDark = isDark();
    new MutationObserver(() => {
      if (isDark() === wasDark) return;
      wasDark = isDark();
      requestAnimationFrame(() => themeListeners.forEach(callback => callback(wasDark)));
    }).observe(document.body, {attributes: true, attributeFilter: ['class']});
  };
  if (document.body) watchTheme(); else addEventListener('DOMContentLoaded', watchTheme);

  /* --- decoders: the other end of views/codec.py --------------------------------------------------------------- */
  const MISSING = 65535, STEPS = 65534;
  const bytes = text => {
    const raw = atob(text), out = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
    return out;
  };
  const decode = {
    u8: text => bytes(text || ''),
    f32: text => new Float32Array(bytes(text || '').buffer),
    /* interleaved 16-bit positions in 2 or 3 dimensions -> {x, y(, z)}; a missing point is NaN */
    q16(text, lo, hi, dims = 2) {
      const codes = new Uint16Array(bytes(text || '').buffer), n = Math.floor(codes.length / dims);
      const out = Array.from({length: dims}, () => new Float32Array(n)), size = lo.map((v, k) => (hi[k] - v) / STEPS);
      for (let i = 0; i < n; i++) {
        let missing = false;
        for (let k = 0; k < dims; k++) missing = missing || codes[dims * i + k] === MISSING;
        for (let k = 0; k < dims; k++) out[k][i] = missing ? NaN : lo[k] + codes[dims * i + k] * size[k];
      }
      return {x: out[0], y: out[1], ...(dims > 2 ? {z: out[2]} : {})};
    },
  };

  /* --- the bus: a tab's newest frame, with the newest payload of every view ------------------------------------- */
  const channels = new Map();               // tab -> {frame: what is shown, now: the newest, past: {run, replay, views}, listeners}
  const channel = tab => {
    if (!channels.has(tab)) channels.set(tab, {frame: null, now: null, past: null, awaited: false, listeners: new Set()});
    return channels.get(tab);
  };
  /* A moment of the past over the newest frame: that keeps its status, but not its pictures. `replay` is the step shown. */
  const over = (now, past) => ({...now, replay: past.replay,
    views: {...Object.fromEntries(Object.entries(now.views).filter(([name]) => name.endsWith('_static'))), ...past.views}});
  /* Publish a frame of `pull`, or null when the tab follows no run any more, or `awaits` the first frame of one. Views of one run accumulate. A frame with a
     `replay` is a moment of the past, which is shown until one with `replay: null` says that it is over. */
  function publish(tab, frame, awaits = false) {
    const c = channel(tab);
    c.awaited = awaits;
    if (frame && frame.replay !== undefined) c.past = frame.replay === null ? null : frame;
    else if (frame && c.now && c.now.run === frame.run) {
      c.now = {...c.now, ...frame, views: {...c.now.views, ...(frame.views || {})}};
    } else c.now = frame && {...frame, views: frame.views || {}};
    if (c.past && !(c.now && c.now.run === c.past.run)) c.past = null;
    c.frame = c.past ? over(c.now, c.past) : c.now;
    c.listeners.forEach(listener => {
      try { listener(c.frame); } catch (error) { console.error(error); }
    });
  }
  /* Calls back at once with the last frame (or null), then with every new one. Returns the way out. */
  function subscribe(tab, callback) {
    const c = channel(tab);
    c.listeners.add(callback);
    callback(c.frame);
    return () => c.listeners.delete(callback);
  }
  /* What an empty view says in place of "Press Train: ..." where somebody has. */
  function whileEmpty(tab, first) {
    const {frame, awaited} = channel(tab);
    if (!first.startsWith('Press Train') || !(frame || awaited)) return first;
    if (!frame || ['finished', 'stopped', 'paused'].includes(frame.status)) return 'Loading…';
    return frame.status === 'failed' ? 'The run ended before there was anything to show here.' : 'The first measurement comes in a moment…';
  }
  const lastFrame = tab => channel(tab).frame;

  /* --- when to draw ---------------------------------------------------------------------------------------------- */
  /* Newest wins: however often the returned function is called, `draw` runs at most once a picture frame, and at most
     every `interval` milliseconds. */
  function latest(draw, interval = 0) {
    let asked = false, last = -Infinity;
    const frame = now => {
      if (now - last < interval) { setTimeout(() => requestAnimationFrame(frame), interval - (now - last)); return; }
      asked = false;
      last = now;
      draw();
    };
    return () => { if (!asked) { asked = true; requestAnimationFrame(frame); } };
  }

  /* On screen: not in a closed tab or accordion and not scrolled far away. */
  function visible(element) {
    if (!element.isConnected || document.hidden) return false;
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.bottom > -100 && box.top < innerHeight + 100;
  }

  /* The life of a view: `draw(payload, frame, why)` is called when there is something new and it can be seen - new
     frames, another theme, another width, scrolled or switched into sight. `views` are names in `frame.views`; `payload`
     is the first one (or null before there is any). Options: {element, tab, views, draw, interval}. */
  function live({element, tab, views, draw, interval = 0}) {
    const seen = {}, words = element.querySelector('.pg-empty span'), first = words ? words.textContent : '';
    let dirty = true, why = 'frame', frame = null, width = 0;
    const paint = () => {
      if (!dirty || !visible(element)) return;
      dirty = false;
      if (words) words.textContent = whileEmpty(tab, first);
      const payloads = views.map(name => (frame && frame.views[name]) || null);
      try { draw(payloads[0], frame, why, payloads); } catch (error) { console.error(error); }
      if (frame && frame.of && frame.of.length) window.playgroundOrigin.mark(element, payloads[0] ? frame.of : null);
      why = 'frame';
    };
    const schedule = latest(paint, interval);
    const redraw = reason => { dirty = true; why = reason || 'redraw'; schedule(); };
    const ends = [];
    const close = () => ends.forEach(end => end());
    ends.push(onTheme(() => redraw('theme')));
    ends.push(subscribe(tab, newest => {
      if (frame && !element.isConnected) { setTimeout(() => { if (!element.isConnected) close(); }, 5000); return; }
      const run = newest && newest.run;
      const changed = !frame || !newest || frame.run !== run || (frame.status !== newest.status && !newest.views[views[0]])
        || views.some(name => seen[name] !== (newest && newest.views[name]));
      frame = newest;
      views.forEach(name => { seen[name] = newest && newest.views[name]; });
      if (changed) { dirty = true; schedule(); }
    }));
    const sight = new IntersectionObserver(entries => { if (entries.some(e => e.isIntersecting) && dirty) schedule(); },
                                           {rootMargin: '100px'});
    sight.observe(element);
    const size = new ResizeObserver(() => {
      const now = element.clientWidth;
      if (now && now !== width) { width = now; redraw('resize'); }
    });
    size.observe(element);
    const shown = () => { if (!document.hidden && dirty) schedule(); };
    document.addEventListener('visibilitychange', shown);
    ends.push(() => { sight.disconnect(); size.disconnect(); document.removeEventListener('visibilitychange', shown); });
    return {redraw, close, frame: () => frame};
  }

  /* A canvas as sharp as the screen: sets its size in CSS pixels and returns a context that draws in them. */
  function context2d(canvas, width, height) {
    const ratio = window.devicePixelRatio || 1;
    const w = Math.max(1, Math.round(width * ratio)), h = Math.max(1, Math.round(height * ratio));
    if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const context = canvas.getContext('2d');
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    return context;
  }

  const grouped = new Intl.NumberFormat('en-US', {maximumFractionDigits: 0});
  const thousands = number => grouped.format(number);
  /* 95 -> "1 min 35 s"; rounded once, to what is shown, and only then divided: never "1 min 60 s" */
  function duration(seconds) {
    if (seconds == null || !isFinite(seconds)) return '–';
    const tenths = Math.round(10 * seconds), whole = Math.round(seconds), minutes = Math.round(seconds / 60);
    if (tenths < 100) return `${(tenths / 10).toFixed(1)} s`;
    if (whole < 90) return `${whole} s`;
    return whole < 5400 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  }
  /* 0.0312 -> "0.0312", 450.3 -> "450", 1234567 -> "1.23 million" */
  const compact = new Intl.NumberFormat('en-US', {notation: 'compact', compactDisplay: 'long', maximumSignificantDigits: 3});
  const short = number => compact.format(number).replace('-', '−');
  const stepText = payload => (payload && payload.step != null ? `step ${thousands(payload.step)}` : '');

  /* What a distance in pixels does not see: beside every one that is shown. Figures: tests/test_blindness.py measures them. */
  const BLIND = {
    short: 'In pixels it hardly sees blur, a missing class or repeated images.',
    long: 'Energy distance of 1,000 real Fashion-MNIST images to as many others, pixels from 0 to 1: as they are 0.000; one class left out 0.001; '
      + 'blurred by 0.7 px 0.002; 100 images, each ten times 0.004. A small distance proves neither sharpness nor variety: look at the samples, too.',
  };
  function blindness() {
    const node = document.createElement('span');
    Object.assign(node, {className: 'pg-blind', textContent: BLIND.short, title: BLIND.long, tabIndex: 0});
    node.setAttribute('aria-label', `${BLIND.short} ${BLIND.long}`);
    return node;
  }

  window.playground = {whileEmpty, publish, subscribe, lastFrame, live, latest, visible, onTheme, isDark, cssVar, roleColour, classColours,
                       decode, context2d, thousands, short, duration, stepText, blindness};
})();
