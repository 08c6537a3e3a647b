"use strict";
/*
 * The arithmetic of mlresample.plan_resampling, for the balanced rule. These are functions of their
 * arguments alone: they neither read nor change the page.
 *
 * A sample has the multiplier of its rarest class, so that samples are counted once by it: a row of
 * the class table holds the samples whose rarest class has a certain count, and how many of them
 * carry each class. Rows and classes go from the rarest to the most common.
 */

/** Unpack the class table: of each row its size, then pairs of a gap between classes and a count. */
function readTable(data) {
  const ruleCounts = data.rule_counts ?? data.counts; // what the rule goes by
  const rowCounts = ruleCounts.filter((n, c) => n > 0 && n !== ruleCounts[c - 1]);
  const sizes = data.rows.map((row) => row[0]);
  const starts = [0], classes = [], joint = [];
  for (const row of data.rows) {
    for (let i = 1, c = 0; i < row.length; i += 2) {
      classes.push((c += row[i]));
      joint.push(row[i + 1]);
    }
    starts.push(classes.length);
  }
  return {
    nSamples: data.n_samples,
    nWithoutClass: data.n_without_class,
    nUndecided: data.n_undecided, // with unknown entries and no class: seen once
    hasUnknown: data.has_unknown,
    counts: Float64Array.from(data.counts),
    ruleCounts: Float64Array.from(ruleCounts),
    isInstanceAware: Boolean(data.rule_counts),
    rowCounts: Float64Array.from(rowCounts),
    sizes: Float64Array.from(sizes),
    starts: Uint32Array.from(starts),
    classes: Uint32Array.from(classes),
    joint: Float64Array.from(joint),
  };
}

/**
 * Compute the figures of a plan. The rule has cap, floor, power, background, and as target what is
 * asked for ("median", "mean", "max", "count", "share", or an epoch of so many "times" the samples
 * or "samples") with its value.
 */
function planFigures(table, rule) {
  checkRule(rule);
  const targetCount = findTargetCount(table, rule);
  const multiplier = (n) => classMultiplier(n, targetCount, rule);
  const ofRows = table.rowCounts.map(multiplier);
  const classMultipliers = table.ruleCounts.map((n) => (n > 0 ? multiplier(n) : 1));
  const resampledCounts = new Float64Array(table.counts.length);
  for (let row = 0; row < ofRows.length; row++) {
    for (let k = table.starts[row]; k < table.starts[row + 1]; k++) {
      resampledCounts[table.classes[k]] += ofRows[row] * table.joint[k];
    }
  }
  const seen = (isMeant) =>
    table.sizes.reduce((sum, size, row) => sum + (isMeant(ofRows[row]) ? size : 0), 0) +
    (isMeant(rule.background) ? table.nWithoutClass : 0);
  const isAtCap = (m) => m > 1 && m >= rule.cap;
  const expectedSize = epochSize(table, targetCount, rule);
  checkEpochSize(expectedSize);
  return {
    targetCount,
    classMultipliers,
    resampledCounts,
    samplesToCollect: samplesToCollect(table, targetCount, rule),
    atCap: Array.from(classMultipliers, isAtCap),
    epochSize: Math.floor(expectedSize) + (expectedSize % 1 >= 0.5 ? 1 : 0),
    growth: expectedSize / table.nSamples,
    ...imbalance(resampledCounts, table.counts),
    nLessThanOnce: seen((m) => m < 1),
    nMoreThanOnce: seen((m) => m > 1),
    nAtCap: seen(isAtCap),
  };
}

/** m = clip((t / n) ** power, floor, cap) */
function classMultiplier(n, targetCount, { power, floor, cap }) {
  return Math.min(Math.max((targetCount / n) ** power, floor), cap);
}

/** Add up the sample multipliers, equal ones at once: halves then round as in Python. */
function epochSize(table, targetCount, rule) {
  let sum = rule.background * table.nWithoutClass + table.nUndecided;
  let last = 1, size = 0;
  for (let row = 0; row < table.rowCounts.length; row++) {
    const m = classMultiplier(table.rowCounts[row], targetCount, rule);
    if (m !== last) {
      sum += last * size;
      last = m;
      size = 0;
    }
    size += table.sizes[row];
  }
  return sum + last * size;
}

/** The largest count over that of each class that occurs: its largest, and its mean. */
function imbalance(resampledCounts, counts) {
  let largest = 0, worst = 0, sum = 0, nOccurring = 0;
  for (const count of resampledCounts) largest = Math.max(largest, count);
  for (let c = 0; c < counts.length; c++) {
    if (counts[c] === 0) continue;
    const ratio = largest / resampledCounts[c];
    worst = Math.max(worst, ratio);
    sum += ratio;
    nOccurring++;
  }
  return { imbalanceRatio: worst, meanImbalance: sum / nOccurring };
}

/** The smallest k with (t / (n + k)) ** power <= cap, for each class. */
function samplesToCollect(table, targetCount, { power, cap }) {
  if (table.isInstanceAware) return null; // further instances would matter
  if (power === 0) return table.counts.map(() => 0);
  const suffices = targetCount / cap ** (1 / power);
  const needed = Math.max(Math.ceil(suffices * (1 - 1e-12)), 1);
  return table.counts.map((n) => Math.max(needed - n, 0));
}

function findTargetCount(table, rule) {
  const { kind, value } = rule.target;
  const counts = table.ruleCounts.filter((n) => n > 0);
  const middle = (counts.length - 1) / 2;
  switch (kind) {
    case "median": return (counts[Math.floor(middle)] + counts[Math.ceil(middle)]) / 2;
    case "mean": return counts.reduce((sum, n) => sum + n, 0) / counts.length;
    case "max": return counts[counts.length - 1];
    case "count": return value;
    case "share": return shareOfSamples(table, value);
    case "times": return solveTargetCount(table, rule, value * table.nSamples);
    default: return solveTargetCount(table, rule, value);
  }
}

function shareOfSamples(table, share) {
  if (table.hasUnknown) {
    throw new RangeError("As entries are unknown, a share is of the samples known for each " +
      "class, and so a number for each class: choose a count.");
  }
  return share * table.nSamples;
}

/**
 * Find the smallest target count t whose epoch has a size. The size E(t) never falls, and between
 * the t at which a class leaves the floor or reaches the cap it is a + b t ** power.
 */
function solveTargetCount(table, rule, size) {
  const { cap, floor, power } = rule;
  const { rowCounts, sizes } = table;
  const constant = rule.background * table.nWithoutClass + table.nUndecided;
  const nWithClass = table.nSamples - table.nWithoutClass - table.nUndecided;
  const smallest = Math.max(constant + (power === 0 ? 1 : floor) * nWithClass, 0.5);
  const largest = constant + (power === 0 ? 1 : cap) * nWithClass;
  if (rule.target.kind === "samples" && size < table.counts.length) {
    throw new RangeError(`The epoch must have at least as many samples as there are classes, ` +
      `${table.counts.length}.`);
  }
  if (!(smallest * (1 - 1e-9) <= size && size <= largest * (1 + 1e-9))) {
    const most = Number.isFinite(largest)
      ? `to ${(largest / table.nSamples).toPrecision(3)} times the samples` : "on";
    throw new RangeError(`With this cap, floor and power an epoch can have from ` +
      `${(smallest / table.nSamples).toPrecision(3)} ${most}.`);
  }
  const rarest = rowCounts[0];
  if (power === 0) return rarest;
  const sizeAt = (t) => epochSize(table, t, rule);
  const leavesFloor = rowCounts.map((n) => n * floor ** (1 / power));
  const reachesCap = rowCounts.map((n) => n * cap ** (1 / power));
  const breaks = [...leavesFloor, ...reachesCap.filter(Number.isFinite)].sort((a, b) => a - b);
  let k = 0;
  for (let end = breaks.length; k < end; ) {
    const between = (k + end) >> 1;
    if (sizeAt(breaks[between]) < size * (1 - 1e-9)) k = between + 1;
    else end = between;
  }
  if (k === 0) return breaks[0];
  const left = breaks[k - 1], right = breaks[k] ?? Infinity;
  // In units of t whose power neither overflows nor vanishes.
  const unit = (left / rarest) ** power > 1e-300 ? left : rarest;
  let b = 0;
  rowCounts.forEach((n, row) => {
    const isRising = leavesFloor[row] <= left && reachesCap[row] >= right;
    if (isRising) b += sizes[row] * (unit / n) ** power;
  });
  const tPower = (left / unit) ** power + (size - sizeAt(left)) / b;
  const t = Math.min(unit * tPower ** (1 / power), right);
  if (!(Math.abs(sizeAt(t) - size) <= 1e-6 * size)) {
    throw new RangeError("With powers and floors this extreme, no target count gives this epoch.");
  }
  return t;
}

function checkRule({ cap, floor, power, background, target }) {
  const check = (isRight, message) => {
    if (!isRight) throw new RangeError(message);
  };
  const { kind, value } = target;
  check(cap >= 1, "The cap must be a number of at least 1.");
  check(floor >= 0 && floor <= 1, "The floor must be a number from 0 to 1.");
  check(power >= 0 && power < Infinity, "The power must be a number of at least 0.");
  check(background >= 0, "The background must be a number of at least 0.");
  check(background <= cap, `The background, ${background}, is above the cap of ${cap}, the ` +
    `largest multiplier: lower one or raise the other.`);
  if (kind === "count") check(value > 1 && value < Infinity, "The count must be above 1.");
  if (kind === "share") check(value > 0 && value <= 1, "The share must be above 0, at most 1.");
  if (kind === "times") check(value > 0, "The epoch must have more than 0 times the samples.");
  if (kind === "samples") check(Number.isInteger(value), "The samples must be an integer.");
}

function checkEpochSize(expected) {
  if (!(expected < 2 ** 53)) throw new RangeError("The epoch would be endless: lower the cap.");
  if (expected < 0.5) {
    throw new RangeError("The epoch is empty, as every sample is left out: raise the floor.");
  }
}
