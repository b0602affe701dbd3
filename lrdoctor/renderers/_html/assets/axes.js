// Numbers and ticks, as the rest of the report writes them.
"use strict";
window.LRDoctor = window.LRDoctor || {};

(() => {
  /** A number as the rest of the report writes it: 0.018, 5.6e-4, 12,400. */
  function figure(value, digits = 3) {
    if (!Number.isFinite(value)) return String(value);
    if (value === 0) return "0";
    const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
    const power = Number(exponent);
    if (power >= -3 && power < 6) {
      return Number(`${mantissa}e${power}`).toLocaleString("en", { maximumFractionDigits: Math.max(0, digits - 1 - power) });
    }
    return `${mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa}e${power}`;
  }

  const log10 = (value) => Math.log(value) / Math.LN10;

  /** The next 1, 2 or 5 times a power of ten. */
  function roundUp(stride) {
    const power = 10 ** Math.floor(log10(stride));
    return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= stride * (1 - 1e-9));
  }

  /** Round values from low to high, at most about `most` of them. */
  function ticks(low, high, log, most) {
    if (log && low > 0) {
      const tens = [];
      for (let ten = Math.floor(log10(low)); ten <= Math.ceil(log10(high)); ten++) tens.push(ten);
      const within = (value) => value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9);
      const powers = tens.filter((ten) => within(10 ** ten));
      const stride = Math.ceil(powers.length / most);
      if (powers.length >= 3) return powers.filter((ten) => (ten - powers[0]) % stride === 0).map((ten) => 10 ** ten);
      const fine = tens.flatMap((ten) => [1, 2, 5].map((step) => step * 10 ** ten)).filter(within);
      if (fine.length >= 2) return fine;
    }
    const stride = roundUp((high - low) / most);
    const found = [];
    for (let n = Math.ceil(low / stride - 1e-9); n <= high / stride + 1e-9; n++) found.push(n * stride);
    return found;
  }

  /** Labels with as many digits as tell neighbours apart. */
  function labels(values) {
    const stride = values.length > 1 ? values[1] - values[0] : Math.abs(values[0]) || 1;
    const even = values.every((value, i) => i === 0 || Math.abs(value - values[i - 1] - stride) < 1e-6 * stride);
    const digits = (value) => Math.min(Math.max(Math.floor(log10(Math.abs(value) / stride) + 2.001), 1), 14);
    return values.map((value) => (Math.abs(value) < stride * 1e-6 && even ? "0" : figure(value, even ? digits(value) : 3)));
  }

  LRDoctor.axes = { figure, ticks, labels };
})();
