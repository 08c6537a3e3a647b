"use strict";
/* The page: controls to parameters, and figures to text, table and curve. */

const element = (id) => document.getElementById(id);
const data = JSON.parse(element("data").textContent);
const table = readTable(data);
const STATISTICS = ["median", "mean", "max"];
const LARGEST_CAP = Math.max(32, data.start.cap ?? 0);

// -- numbers ------------------------------------------------------------------------------------

const decimals = (digits) => {
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  const format = new Intl.NumberFormat("en", options);
  return (x) => (Number.isFinite(x) ? format.format(x) : "infinite");
};
const [whole, tenths, hundredths, thousandths] = [0, 1, 2, 3].map(decimals);
const rounded = (x, digits) => Number(x.toPrecision(digits));

// -- parameters ---------------------------------------------------------------------------------

/* A slider goes by its scale, linear in steps or logarithmic; its field takes any number. */
const N_STEPS = 200; // of a logarithmic scale
const scales = {
  cap: { from: 1, to: LARGEST_CAP, digits: 2 },
  power: { from: 0, to: 2, step: 0.05 },
  floor: { from: 0, to: 1, step: 0.05 },
  background: { from: 0, to: 4, step: 0.1 },
  count: { from: 2, to: Math.max(table.nSamples, 3), digits: 3, whole: true },
  share: { from: 1 / table.nSamples, to: 1, digits: 2 },
  times: { from: 0.25, to: 8, digits: 3 },
  samples: { from: 0.25 * table.nSamples, to: 8 * table.nSamples, digits: 4, whole: true },
};
const kind = () => element("kind").value;
const scaleOf = (name) => (name === "target" ? scales[kind()] : scales[name]);

function valueAt(position, { from, to, step, digits, whole }) {
  if (step) return rounded(position, 3);
  const value = rounded(from * (to / from) ** (position / N_STEPS), digits);
  return whole ? Math.max(Math.round(value), 2) : Math.min(Math.max(value, from), to);
}

function moveSlider(name) {
  const slider = element(`${name}-slider`), scale = scaleOf(name);
  if (!scale) return;
  const { from, to, step } = scale, value = Number(element(name).value);
  slider.min = step ? from : 0;
  slider.max = step ? to : N_STEPS;
  slider.step = step ?? 1;
  slider.value = step ? value : (N_STEPS * Math.log(value / from)) / Math.log(to / from);
  slider.setAttribute("aria-valuetext", element(name).value);
}

function setNumber(name, value) {
  element(name).value = value;
  moveSlider(name);
}

function readRule() {
  const number = (name) => (element(name).value === "" ? NaN : Number(element(name).value));
  return {
    cap: element("no-cap").checked ? Infinity : number("cap"),
    floor: number("floor"),
    power: number("power"),
    background: number("background"),
    target: { kind: kind(), value: number("target") },
  };
}

function setRule({ cap, floor, power, background, target }) {
  element("no-cap").checked = cap === null;
  setNumber("cap", cap ?? 16);
  setNumber("floor", floor);
  setNumber("power", power);
  setNumber("background", background);
  element("kind").value = target.kind;
  setNumber("target", target.value ?? "");
}

/* Another kind of target begins with the number that keeps the plan in sight. */
function numberOfKind(figures) {
  if (STATISTICS.includes(kind()) || !figures) return "";
  return {
    count: Math.max(2, Math.round(figures.targetCount)),
    share: rounded(Math.min(figures.targetCount / table.nSamples, 1), 3),
    times: rounded(figures.growth, 4),
    samples: figures.epochSize,
  }[kind()];
}

// -- lines to copy ------------------------------------------------------------------------------

/* In Python 1 is a count and 1.0 a share. */
const asFloat = (x) => (Number.isInteger(x) ? `${x}.0` : `${x}`);

function changedParameters({ cap, floor, power, background, target }, infinity) {
  const { kind, value } = target;
  const changed = [];
  const add = (name, text) => changed.push([name, text]);
  if (cap !== 4) add("cap", cap === Infinity ? infinity : `${cap}`);
  if (kind === "mean" || kind === "max") add("target_count", kind);
  if (kind === "count") add("target_count", `${value}`);
  if (kind === "share") add("target_count", asFloat(value));
  if (kind === "times") add("epoch_size", asFloat(value));
  if (kind === "samples") add("epoch_size", `${value}`);
  if (power !== 1) add("power", `${power}`);
  if (floor !== 1) add("floor", `${floor}`);
  if (background !== 1) add("background", `${background}`);
  return changed;
}

function pythonWords(rule) {
  const quoted = (text) => (STATISTICS.includes(text) ? `"${text}"` : text);
  const changed = changedParameters(rule, 'float("inf")');
  const words = [...data.arguments, ...changed.map(([name, text]) => `${name}=${quoted(text)}`)];
  if (table.isInstanceAware) words.push("instance_aware=True");
  const line = `${data.function}(${words.join(", ")})`;
  return line.split(" "); // no name or number has a space
}

function commandWords(rule) {
  const words = [...data.command];
  for (const [name, text] of changedParameters(rule, "inf")) {
    words.push(`--${name.replace("_", "-")} ${text}`);
  }
  if (table.isInstanceAware) words.push("--instance-aware");
  return words;
}

function showLine(id, words) {
  const spans = words.flatMap((word, i) => {
    const span = document.createElement("span");
    span.textContent = word;
    return i ? [" ", span] : [span];
  });
  element(id).replaceChildren(...spans);
}

const copyButtons = document.querySelectorAll("[data-copies]");

async function copy(button) {
  const line = element(button.dataset.copies);
  getSelection().selectAllChildren(line);
  let isCopied = false;
  try {
    await navigator.clipboard.writeText(line.textContent);
    isCopied = true;
  } catch {
    isCopied = document.execCommand("copy"); // where a frame or a file may not use the clipboard
  }
  button.textContent = isCopied ? "Copied" : "Selected";
  setTimeout(() => (button.textContent = "Copy"), 1500);
}

// -- classes ------------------------------------------------------------------------------------

const nClasses = data.names.length;
const nLast = data.shown - data.first;
const isListed = (c) => nClasses < data.shown + 2 || c < data.first || c >= nClasses - nLast;
const listed = Array.from(data.names.keys()).filter(isListed);

/* Make a row for each class that is listed; the cells that change are kept. */
const rows = listed.map((c, i) => {
  if (i && c > listed[i - 1] + 1) {
    const more = element("classes").insertRow();
    more.className = "more";
    const cell = more.insertCell();
    cell.colSpan = 6;
    const nMore = whole(nClasses - listed.length);
    cell.textContent = `… ${nMore} more classes, which the figures above include …`;
  }
  const row = element("classes").insertRow();
  row.innerHTML = '<th scope="row"></th><td class="picture" aria-hidden="true">' +
    '<span class="bar"><i class="link"></i><i class="before"></i><i class="after"></i></span></td>' +
    '<td></td><td></td><td></td><td class="collect"></td>';
  const [name, , count, quota, multiplier, collect] = row.cells;
  name.textContent = name.title = data.names[c];
  count.textContent = whole(data.counts[c]);
  const [link, before, after] = row.querySelectorAll("i");
  return { c, row, quota, multiplier, collect, link, before, after };
});

/* Write what has changed: a browser lays out the page again for every text that is set. */
function write(node, text) {
  if (node.written !== text) node.textContent = node.written = text;
}

/* Points on a logarithmic scale, whose bars would start at no zero. */
function showClasses({ resampledCounts, classMultipliers, samplesToCollect, atCap }) {
  const isLog = element("log").checked;
  const largest = largestOnAxis(resampledCounts);
  const smallest = data.counts.find((count) => count > 0) / 1.5;
  const place = isLog
    ? (count) => 2 + (96 * Math.max(Math.log(count / smallest), 0)) / Math.log(largest / smallest)
    : (count) => (100 * count) / largest;
  element("classes").parentNode.classList.toggle("linear", !isLog);
  for (const { c, row, quota, multiplier, collect, link, before, after } of rows) {
    write(quota, tenths(resampledCounts[c]));
    write(multiplier, thousandths(classMultipliers[c]));
    write(collect, samplesToCollect?.[c] ? whole(samplesToCollect[c]) : "");
    row.className = atCap[c] ? "capped" : data.counts[c] ? "" : "absent";
    const x = place(data.counts[c]), y = place(resampledCounts[c]);
    const [length, other] = isLog ? ["left", "width"] : ["width", "left"];
    for (const [part, value] of [[before, x], [after, y]]) {
      part.style[length] = `${value.toFixed(2)}%`;
      part.style[other] = "";
    }
    link.style.left = `${Math.min(x, y).toFixed(2)}%`;
    link.style.width = `${Math.abs(x - y).toFixed(2)}%`;
  }
}

/* The axis changes in steps, so that it stays where it is while a slider moves. */
function largestOnAxis(resampledCounts) {
  const before = data.counts[nClasses - 1];
  const after = resampledCounts.reduce((largest, count) => Math.max(largest, count), 0);
  return before * 2 ** Math.max(Math.ceil(2 * Math.log2(after / before)) / 2, 0);
}

// -- figures ------------------------------------------------------------------------------------

const before = imbalance(table.counts, table.counts);

function showFigures(figures) {
  const { epochSize, growth, nMoreThanOnce, nAtCap, atCap, samplesToCollect } = figures;
  const both = (name) => `${hundredths(before[name])} → ${hundredths(figures[name])}`;
  const ofClasses = (values) => {
    const n = values.filter(Boolean).length;
    return `${whole(n)} ${n === 1 ? "class" : "classes"}`;
  };
  const shareOfSamples = (n) => `${tenths((100 * n) / table.nSamples)} %`;
  const texts = {
    "epoch-size": [`${whole(table.nSamples)} → ${whole(epochSize)}`, `${thousandths(growth)}x`],
    "imbalance-ratio": [both("imbalanceRatio")],
    "mean-imbalance": [both("meanImbalance")],
    "more-than-once": [whole(nMoreThanOnce), shareOfSamples(nMoreThanOnce)],
    "at-cap": [whole(nAtCap), `${shareOfSamples(nAtCap)}, ${ofClasses(atCap)}`],
    "to-collect": samplesToCollect
      ? [whole(samplesToCollect.reduce((sum, k) => sum + k, 0)), ofClasses(samplesToCollect)]
      : ["–", "instance-aware"],
  };
  for (const [id, [text, note]] of Object.entries(texts)) {
    const small = document.createElement("small");
    small.textContent = note ?? "";
    element(id).replaceChildren(text, " ", small);
  }
  const targetCount = hundredths(figures.targetCount).replace(/\.?0+$/, "");
  element("resolved").textContent = `= ${targetCount} samples`;
}

/* Screen readers hear the figures when the parameters have come to rest. */
let timer;
function speak(text) {
  clearTimeout(timer);
  timer = setTimeout(() => (element("spoken").textContent = text), 700);
}

function inWords(figures) {
  const { epochSize, growth, imbalanceRatio, meanImbalance, nMoreThanOnce, nAtCap } = figures;
  return `Epoch of ${whole(epochSize)} samples, ${thousandths(growth)} times as many. ` +
    `Imbalance ratio ${hundredths(imbalanceRatio)}, mean imbalance ${hundredths(meanImbalance)}. ` +
    `Samples seen more than once: ${whole(nMoreThanOnce)}, at the cap: ${whole(nAtCap)}.`;
}

// -- cost curve ---------------------------------------------------------------------------------

const CAPS = Array.from({ length: 49 }, (_, i) => LARGEST_CAP ** (i / 48));
const CAPS_ON_AXIS = [1, 2, 4, 8, 16, 32];

/* The curve keeps the target count, which an epoch size makes depend on the cap. */
function showCurve(rule, { targetCount, growth }) {
  const growthAt = (cap) => epochSize(table, targetCount, { ...rule, cap }) / table.nSamples;
  const growths = CAPS.map(growthAt);
  const low = Math.min(growth, ...growths);
  const room = Math.max(growth - low, ...growths.map((value) => value - low), 0.02);
  const x = (cap) => 40 + (310 * Math.log(Math.min(cap, LARGEST_CAP))) / Math.log(LARGEST_CAP);
  const y = (value) => 122 - (106 * (value - low)) / room;
  const line = (from, to, name) =>
    `<line x1="${from[0]}" y1="${from[1]}" x2="${to[0]}" y2="${to[1]}" class="${name}"/>`;
  const text = (place, anchor, content) =>
    `<text x="${place[0]}" y="${place[1]}" text-anchor="${anchor}">${content}</text>`;
  const points = CAPS.map((cap, i) => `${x(cap).toFixed(1)},${y(growths[i]).toFixed(1)}`);
  const spoken = CAPS_ON_AXIS.map((cap) => `${thousandths(growthAt(cap))} at cap ${cap}`);
  const now = [x(rule.cap), y(growth)];
  element("cost").querySelector("svg").innerHTML = [
    `<title id="curve-title">Epochs in times the samples, at target count `,
    `${hundredths(targetCount)}: ${spoken.join(", ")}</title>`,
    ...[low, low + room / 2, low + room].map((value) =>
      line([40, y(value)], [350, y(value)], "grid") +
      text([34, y(value) + 3.5], "end", hundredths(value))),
    ...CAPS_ON_AXIS.map((cap) => text([x(cap), 140], "middle", cap)),
    `<polyline class="curve" points="${points.join(" ")}"/>`,
    line([now[0], 122], now, "now-line"),
    `<circle class="now" cx="${now[0]}" cy="${now[1]}" r="5"/>`,
  ].join("");
}

// -- all of it ----------------------------------------------------------------------------------

let figures = null; // of the last rule that can be met

function update() {
  const rule = readRule();
  element("cap").disabled = element("cap-slider").disabled = element("no-cap").checked;
  for (const part of [element("target"), element("target-slider")]) {
    part.hidden = STATISTICS.includes(kind());
    part.setAttribute("aria-label", element("kind").selectedOptions[0].textContent);
  }
  try {
    figures = planFigures(table, rule);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return showProblem(error.message);
  }
  showProblem("");
  showFigures(figures);
  showClasses(figures);
  showCurve(rule, figures);
  showLine("python", pythonWords(rule));
  showLine("command", commandWords(rule));
  speak(inWords(figures));
}

function showProblem(message) {
  element("problem").textContent = message;
  element("problem").hidden = !message;
  element("resolved").hidden = Boolean(message);
  element("results").classList.toggle("stale", Boolean(message));
  for (const button of copyButtons) button.disabled = Boolean(message);
}

for (const name of ["cap", "target", "power", "floor", "background"]) {
  const slider = element(`${name}-slider`);
  slider.addEventListener("input", () => {
    element(name).value = valueAt(Number(slider.value), scaleOf(name));
    slider.setAttribute("aria-valuetext", element(name).value);
    update();
  });
  element(name).addEventListener("input", () => {
    moveSlider(name);
    update();
  });
}
element("kind").addEventListener("input", () => {
  setNumber("target", numberOfKind(figures));
  update();
});
for (const id of ["no-cap", "log"]) element(id).addEventListener("input", update);
element("rule").addEventListener("submit", (event) => event.preventDefault());
element("rule").addEventListener("reset", (event) => {
  event.preventDefault();
  setRule(data.start);
  update();
});
for (const button of copyButtons) button.addEventListener("click", () => copy(button));

element("about").textContent = `${whole(table.nSamples)} samples, ${whole(nClasses)} classes` +
  (table.nWithoutClass ? `, ${whole(table.nWithoutClass)} samples without a class` : "") +
  (table.nUndecided ? `, ${whole(table.nUndecided)} undecided, which are seen once` : "") +
  (table.isInstanceAware ? "; instance-aware" : "");
element("classes-title").textContent = `${whole(nClasses)} classes, the rarest first`;
if (!table.nWithoutClass) element("background").closest(".parameter").hidden = true;
if (nClasses <= 12) element("list").after(element("beside")); // a short list comes first
setRule(data.start);
update();
