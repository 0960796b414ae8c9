/* Numbers as people write them. */
const grouped = new Intl.NumberFormat('en-US', {maximumFractionDigits: 0});
export const thousands = number => grouped.format(number);
/* 95 -> "1 min 35 s"; rounded once, to what is shown, and only then divided: never "1 min 60 s" */
export function duration(seconds) {
  if (seconds == null || !isFinite(seconds)) return '–';
  const tenths = Math.round(10 * seconds), whole = Math.round(seconds), minutes = Math.round(seconds / 60);
  if (tenths < 100) return `${(tenths / 10).toFixed(1)} s`;
  if (whole < 90) return `${whole} s`;
  return whole < 5400 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
/* 0.0312 -> "0.0312", 450.3 -> "450", 1234567 -> "1.23 million" */
const compact = new Intl.NumberFormat('en-US', {notation: 'compact', compactDisplay: 'long', maximumSignificantDigits: 3});
export const short = number => compact.format(number).replace('-', '−');
export const stepText = payload => (payload && payload.step != null ? `step ${thousands(payload.step)}` : '');

/* So many digits that mean something: `rounded` as a number, to go on with; `significant` as text, with zeros up to `least` of them. */
export const rounded = (value, digits) => Number(value.toPrecision(digits));
export const significant = (value, digits, least = 1) => (value == null || !isFinite(value) ? '–'
  : (rounded(value, digits) || 0).toLocaleString('en-US', {minimumSignificantDigits: least, maximumSignificantDigits: digits}).replace('-', '−'));   // −0 is 0
/* 0.01234 -> "0.0123", 123.4 -> "123": three digits that mean something */
export const digits = value => (!isFinite(value) ? '–' : Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)))).replace('-', '−');
export const shortNumber = value => Number(value.toPrecision(6)).toLocaleString('en-US', {maximumFractionDigits: 6}).replace('-', '−');
export const fixed = (value, digits = 2) => (value == null || !isFinite(value) ? '–' : value.toFixed(digits).replace(/^-(?=.*[1-9])/, '−').replace('-', ''));   // −0.00 is 0.00
/* As many decimals as an error shows two digits of; "−75.31 ± 0.42". */
export function withError(value, error) {
  if (value == null || !isFinite(value)) return '–';
  if (error == null || !isFinite(error)) return fixed(value);
  if (error < 1e-5) return `${fixed(value, 4)} ± <0.0001`;
  const digits = Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(error))));
  return `${fixed(value, digits)} ± ${error.toFixed(digits)}`;
}
export const size = bytes => (bytes < 1e5 ? `${Math.ceil(bytes / 1e3)} kB` : `${fixed(bytes / 1e6, 1)} MB`);
export const sub = number => String(number).replace(/[0-9]/g, digit => '₀₁₂₃₄₅₆₇₈₉'[digit]);
