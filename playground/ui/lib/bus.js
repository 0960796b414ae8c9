/* What components tell one another: a tab's newest frame with the newest payload of every view, and small topics. */
/* The states of a run that has not ended, as ACTIVE of runtimes/records.py. */
export const ACTIVE = ['waiting', 'starting', 'running', 'paused'];
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
export function publish(tab, frame, awaits = false) {
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
export function subscribe(tab, callback) {
  const c = channel(tab);
  c.listeners.add(callback);
  callback(c.frame);
  return () => c.listeners.delete(callback);
}
/* What an empty view says in place of "Press Train: ..." where somebody has. */
export function whileEmpty(tab, first) {
  const {frame, awaited} = channel(tab);
  if (!first.startsWith('Press Train') || !(frame || awaited)) return first;
  if (!frame || ['finished', 'stopped', 'paused'].includes(frame.status)) return 'Loading…';
  if (frame.status === 'waiting') return 'Waits in line: pictures come once it trains.';
  return frame.status === 'failed' ? 'The run ended before there was anything to show here.' : 'The first measurement comes in a moment…';
}
export const lastFrame = tab => channel(tab).frame;

const topics = new Map();
const topic = name => {
  if (!topics.has(name)) topics.set(name, {value: null, listeners: new Set()});
  return topics.get(name);
};
export function tell(name, value) {
  const t = topic(name);
  t.value = value;
  t.listeners.forEach(listener => { try { listener(value); } catch (error) { console.error(error); } });
}
/* Calls back at once, then at every change, until `element` has left the page. */
export function hear(name, element, callback) {
  const t = topic(name), listener = value => {
    if (!element.isConnected && value !== null) { t.listeners.delete(listener); return; }
    callback(value);
  };
  t.listeners.add(listener);
  callback(t.value);
}
export const current = name => topic(name).value;
