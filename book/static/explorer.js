// Trained models in the reader's browser, on TensorFlow.js and without a server: a page may be opened from a disk.
// `export_models.py` writes the weights; every function here computes what the Python method of the same name does.

const explorer = { models: {} };

explorer.load = (name) => explorer.models[name] ? Promise.resolve(explorer.models[name])
  : new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = explorer.folder + name + ".js";
    script.onload = () => resolve(explorer.tensors(explorer.models[name]));
    script.onerror = () => reject(new Error(`the weights of ${name} could not be loaded`));
    document.head.append(script);
  });

// Floating point numbers of 16 bits in 32: sign and fraction stay, and the exponent counts from −127 in place of −15.
const fromHalf = (numbers) => {
  const bits = Uint32Array.from(numbers, (half) => ((half & 0x8000) << 16) | ((half & 0x7fff) << 13));
  return new Float32Array(bits.buffer).map((number) => number * 2 ** 112);
};

// Every {shape, bits, data} inside a model becomes a tensor, once.
explorer.tensors = (model) => {
  for (const [key, value] of Object.entries(model)) {
    if (value && value.data) {
      const bytes = Uint8Array.from(atob(value.data), (character) => character.charCodeAt(0));
      const numbers = value.bits === 16 ? fromHalf(new Uint16Array(bytes.buffer)) : new Float32Array(bytes.buffer);
      model[key] = tf.tensor(numbers, value.shape);
    } else if (value && typeof value === "object" && !(value instanceof tf.Tensor)) {
      explorer.tensors(value);
    }
  }
  return model;
};

const dense = (inputs, layer) => tf.add(tf.matMul(inputs, layer.kernel), layer.bias);
const activations = { elu: (x) => tf.elu(x), sigmoid: (x) => tf.sigmoid(x), relu: (x) => tf.relu(x) };

// Latents (and the number of a class, for a model that has classes) → 784 grey values in [0, 1].
explorer.decode = (model, latents, label) => tf.tidy(() => {
  const oneHot = Array.from({ length: model.classes }, (_, index) => Number(index === label));
  let hidden = tf.tensor2d([[...latents, ...oneHot]]);
  for (const layer of model.layers) hidden = activations[layer.activation](dense(hidden, layer));
  return Array.from(hidden.dataSync());
});

// One step of the LSTM: what it carries is [hidden, memory].
const recurrentStep = (model, token, [hidden, memory]) => {
  const embedded = tf.gather(model.embedding, [token]);
  const gates = tf.addN([tf.matMul(embedded, model.kernel), tf.matMul(hidden, model.recurrent), tf.expandDims(model.bias)]);
  const [input, forget, candidate, output] = tf.split(gates, 4, 1);
  const newMemory = tf.add(
    tf.mul(tf.sigmoid(forget), memory), tf.mul(tf.sigmoid(input), tf.tanh(candidate)),
  );
  const newHidden = tf.mul(tf.sigmoid(output), tf.tanh(newMemory));
  return [dense(newHidden, model.logits), newHidden, newMemory];
};

const rmsNorm = (x) => tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), 1e-6)));

// Rotary positions: vectors (heads, 1, d), their two halves turned by the position.
const rotate = (vectors, position) => {
  const count = vectors.shape[2] / 2;
  const angles = Array.from({ length: count }, (_, index) => position * 10000 ** (-index / count));
  const [sine, cosine] = [Math.sin, Math.cos].map((wave) => tf.tensor1d(angles.map(wave)));
  const [first, second] = tf.split(vectors, 2, 2);
  const turned = [tf.sub(tf.mul(first, cosine), tf.mul(second, sine)), tf.add(tf.mul(first, sine), tf.mul(second, cosine))];
  return tf.concat(turned, 2);
};

// The newest place looks at itself and at all before it, whose keys and values (heads, places, d) are kept.
const attend = (hidden, block, [keys, values]) => {
  const [heads, position, size] = keys.shape;
  const split = (kernel) => tf.reshape(tf.matMul(hidden, kernel), [heads, 1, size]);
  const query = rotate(rmsNorm(split(block.query)), position);
  const newKeys = tf.concat([keys, rotate(rmsNorm(split(block.key)), position)], 1);
  const newValues = tf.concat([values, split(block.value)], 1);
  const weights = tf.softmax(tf.matMul(tf.div(query, Math.sqrt(size)), newKeys, false, true));
  const mixed = tf.reshape(tf.matMul(weights, newValues), [1, heads * size]);
  return [tf.matMul(mixed, block.join), [newKeys, newValues]];
};

// One step of the Transformer: what it carries is [keys, values] of each block.
const attentionStep = (model, token, caches) => {
  let hidden = tf.gather(model.embedding, [token]);
  const newCaches = model.blocks.map((block, index) => {
    const [mixed, cache] = attend(rmsNorm(hidden), block, caches[index]);
    hidden = tf.add(hidden, mixed);
    const inner = tf.square(tf.relu(tf.matMul(rmsNorm(hidden), block.mlp_in)));
    hidden = tf.add(hidden, tf.matMul(inner, block.mlp_out));
    return cache;
  });
  return [tf.matMul(rmsNorm(hidden), model.logits), ...newCaches];
};

// The number of a character and the states → logits and the new states.
explorer.step = (model, token, states) => tf.tidy(
  () => (model.blocks ? attentionStep : recurrentStep)(model, token, states),
);

// The states of a model that has read nothing yet.
const blank = (model) => {
  if (!model.blocks) return [0, 1].map(() => tf.zeros([1, model.recurrent.shape[0]]));
  const shape = [model.heads, 0, model.embedding.shape[1] / model.heads];
  return model.blocks.map(() => [tf.zeros(shape), tf.zeros(shape)]);
};

// What the model expects after a text: {probabilities, states}.
explorer.read = (model, text, states = null, temperature = 1) => {
  let current = states || blank(model);
  let logits = null;
  for (const character of text) {
    const token = model.tokens.indexOf(character);
    if (token < 0) throw new Error(`the model has never seen the character ${JSON.stringify(character)}`);
    const [newLogits, ...after] = explorer.step(model, token, current);
    tf.dispose([logits, ...current]);
    [logits, current] = [newLogits, after];
  }
  const probabilities = tf.tidy(() => Array.from(tf.softmax(tf.div(logits, temperature)).dataSync()));
  logits.dispose();
  return { probabilities, states: current };
};

// Nucleus: the most probable characters that together reach `topP` keep their probabilities, the others get none.
explorer.nucleus = (probabilities, topP) => {
  const order = probabilities.map((_, index) => index).sort((a, b) => probabilities[b] - probabilities[a]);
  const kept = probabilities.map(() => 0);
  let sum = 0;
  for (const index of order) {
    if (sum >= topP) break;
    kept[index] = probabilities[index];
    sum += probabilities[index];
  }
  return kept.map((probability) => probability / sum);
};

// A text's continuation, character by character: up to `length` of them, and none from `stop` on.
explorer.stream = function* stream(model, prompt, length, { temperature, topP = 1, seed, stop }) {
  const random = explorer.random(seed);
  let { probabilities, states } = explorer.read(model, prompt, null, temperature);
  for (let written = 0; written < length; written += 1) {
    const character = model.tokens[explorer.draw(explorer.nucleus(probabilities, topP), random)];
    if (character === stop) break;
    yield character;
    ({ probabilities, states } = explorer.read(model, character, states, temperature));
  }
  tf.dispose(states);
};

// The line that asks a model for an answer, as `write_instruction` does; what `read_instruction` refuses is an error.
explorer.instruction = ({ speaker, listener, length, word }) => {
  const line = `${speaker} to ${listener}, ${length}, with ${word.toLowerCase()}.\n`;
  if (!/^[^,:\n]+ to [^,:\n]+, (short|medium|long), with [^\s.]+\.\n$/.test(line)) {
    throw new Error("speaker and listener must be names without comma and colon, and the word must be one word");
  }
  return line;
};

// ---- a diffusion model, one image at a time; its layers have the names that `build_unet` gave them ----

const swish = (x) => tf.mul(x, tf.sigmoid(x));
const convolve = (x, layer, strides = 1) => tf.add(tf.conv2d(x, layer.kernel, strides, "same"), layer.bias);

// A transposed convolution with strides of 2: twice as high, twice as wide.
const enlarge = (x, layer) => {
  const shape = [2 * x.shape[0], 2 * x.shape[1], layer.bias.size];
  return tf.add(tf.conv2dTranspose(x, layer.kernel, shape, 2, "same"), layer.bias);
};

// Group normalization as in Keras: eight groups of channels, epsilon 0.001.
const normalize = (x, layer) => {
  const groups = tf.reshape(x, [x.shape[0], x.shape[1], 8, -1]);
  const { mean, variance } = tf.moments(groups, [0, 1, 3], true);
  const normal = tf.div(tf.sub(groups, mean), tf.sqrt(tf.add(variance, 1e-3)));
  return tf.add(tf.mul(tf.reshape(normal, x.shape), layer.gamma), layer.beta);
};

const residualBlock = (hidden, condition, layers, name) => {
  const layer = (part) => layers[`${name}_${part}`];
  let inner = convolve(swish(normalize(hidden, layer("norm1"))), layer("conv1"));
  const scale = tf.add(dense(condition, layer("scale")), 1);
  inner = tf.add(tf.mul(normalize(inner, layer("norm2")), scale), dense(condition, layer("shift")));
  inner = convolve(swish(inner), layer("conv2"));
  return tf.add(layer("shortcut") ? convolve(hidden, layer("shortcut")) : hidden, inner);
};

// A noisy image as a list of numbers, a time in [0, 1] and the number of a class → dx/dt of each pixel.
explorer.velocity = (model, noisy, time, label) => tf.tidy(() => {
  const { layers, levels, shape } = model;
  const angles = Array.from({ length: 32 }, (_, index) => time * 1000 ** (index / 31));
  const features = tf.tensor2d([[...angles.map(Math.sin), ...angles.map(Math.cos)]]);
  let condition = swish(tf.add(dense(features, layers.time), tf.gather(layers.label.kernel, [label])));
  condition = swish(dense(condition, layers.condition));
  let hidden = tf.tensor(noisy, shape);
  const skips = [];
  for (let level = 0; level < levels; level += 1) {
    hidden = convolve(hidden, layers[`down${level}`], 2);
    hidden = residualBlock(hidden, condition, layers, `down${level}_block0`);
    skips.push(hidden);
  }
  hidden = residualBlock(hidden, condition, layers, "middle");
  for (let level = levels - 1; level >= 0; level -= 1) {
    hidden = tf.concat([hidden, skips.pop()], 2);
    hidden = residualBlock(hidden, condition, layers, `up${level}_block0`);
    if (level) hidden = enlarge(hidden, layers[`up${level}`]);
  }
  return Array.from(enlarge(swish(normalize(hidden, layers.out_norm)), layers.out).dataSync());
});

// The way of `decode` with sampler="euler" and guidance=1: grey values in [0, 1] of the noise, then after each step.
// It is a generator, so that a page can show something between two calls.
explorer.walk = function* walk(model, noise, label, steps) {
  const pixels = (values) => values.map((value) => Math.min(1, Math.max(0, 0.5 * (value + 1))));
  let noisy = noise;
  yield pixels(noisy);
  for (let left = steps; left > 0; left -= 1) {
    const velocity = explorer.velocity(model, noisy, left / steps, label);
    noisy = noisy.map((value, index) => value - velocity[index] / steps);
    yield pixels(noisy);
  }
};

// A small random generator with a seed (mulberry32), so that the same settings write the same text.
explorer.random = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
};

// Standard normal numbers from such a generator (Box & Muller 1958).
explorer.normal = (random, count) => Array.from(
  { length: count }, () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
);

explorer.draw = (probabilities, random) => {
  let left = random();
  const last = probabilities.findLastIndex((probability) => probability > 0);
  const found = probabilities.findIndex((probability) => (left -= probability) < 0);
  return found < 0 ? last : found;
};

// ---- the page ----

const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

explorer.paint = (canvas, pixels, side = 28) => {
  const context = canvas.getContext("2d");
  const image = context.createImageData(side, side);
  pixels.forEach((pixel, index) => {
    const grey = Math.round(255 * pixel);
    image.data.set([grey, grey, grey, 255], 4 * index);
  });
  context.putImageData(image, 0, 0);
};

explorer.section = async (element, name, prepare) => {
  const message = element.querySelector("[role=status]");
  try {
    if (typeof tf === "undefined") throw new Error("TensorFlow.js is not packed into this copy of the book");
    message.textContent = "Loading the weights …";
    const model = await explorer.load(name);
    message.textContent = "";
    element.querySelectorAll("input, select, button").forEach((control) => { control.disabled = false; });
    await prepare(element, model, message);
    element.dataset.ready = "true";
  } catch (error) {
    message.textContent = `This explorer does not run here: ${error.message}. The picture in the chapter shows the same, and `
      + "the chapter's own sliders work in JupyterLab.";
  }
};

const values = (element) => Object.fromEntries(
  [...element.querySelectorAll("[name]")].map((input) => [input.name, input.type === "range" ? Number(input.value) : input.value]),
);

const onInput = (element, update) => {
  const show = () => {
    element.querySelectorAll("input[type=range]").forEach((input) => {
      input.parentElement.querySelector("output").textContent = input.value;
    });
    update(values(element));
  };
  element.addEventListener("input", show);
  show();
};

// The button writes what `ask` makes of the values, one character after another.
const onButton = (section, model, message, ask) => {
  const button = section.querySelector("button");
  const page = section.querySelector("pre");
  onInput(section, () => {});
  button.addEventListener("click", async () => {
    message.textContent = "";
    button.disabled = true;
    try {
      const { prompt, shown, length, ...options } = ask(values(section));
      page.textContent = shown;
      for (const character of explorer.stream(model, prompt, length, options)) {
        page.textContent += character;
        await pause(0);
      }
    } catch (error) {
      message.textContent = `Not written: ${error.message}.`;
    }
    button.disabled = false;
  });
};

explorer.start = () => {
  const element = (id) => document.getElementById(id);
  explorer.section(element("explore-plane"), "vae_plane", (section, model) => {
    onInput(section, ({ first, second }) => {
      explorer.paint(section.querySelector("canvas"), explorer.decode(model, [first, second]));
    });
  });
  explorer.section(element("explore-digits"), "conditional_vae", (section, model) => {
    onInput(section, ({ digit, seed, warmth }) => {
      const random = explorer.random(seed);
      section.querySelectorAll("canvas").forEach((canvas) => {
        const latents = explorer.normal(random, model.latents).map((value) => warmth * value);
        explorer.paint(canvas, explorer.decode(model, latents, digit));
      });
    });
  });
  explorer.section(element("explore-noise"), "diffusion_student", async (section, model, message) => {
    const [way, samples] = [...section.querySelectorAll(".strip")].map((strip) => [...strip.children]);
    let newest = 0;
    const redraw = async () => {
      newest += 1;
      const own = newest;
      const { digit, seed, steps } = values(section);
      const random = explorer.random(seed);
      message.textContent = "Drawing …";
      way.forEach((canvas, step) => { canvas.style.visibility = step > steps ? "hidden" : ""; });
      for (const canvas of samples) {
        const noise = explorer.normal(random, canvas.width * canvas.height);
        let step = 0;
        for (const pixels of explorer.walk(model, noise, digit, steps)) {
          explorer.paint(canvas, pixels);
          if (canvas === samples[0]) explorer.paint(way[step], pixels);
          step += 1;
          await pause(20); // the browser shows what was painted
          if (own !== newest) return; // another change of a slider has begun a drawing of its own
        }
      }
      message.textContent = "";
    };
    onInput(section, () => {});
    section.addEventListener("change", redraw);
    await redraw();
  });
  explorer.section(element("explore-text"), "lstm_shakespeare", (section, model, message) => {
    onButton(section, model, message, ({ prompt, ...options }) => {
      if (!prompt) throw new Error("the prompt is empty: type at least one character");
      return { prompt, shown: prompt, length: 200, ...options };
    });
  });
  explorer.section(element("explore-talk"), "gpt_characters", (section, model, message) => {
    onButton(section, model, message, ({ temperature, seed, ...demands }) => {
      const prompt = explorer.instruction(demands);
      return { prompt, shown: "", length: model.context - prompt.length, temperature, seed, stop: "$" };
    });
  });
};

window.explorer = explorer;
if (typeof tf !== "undefined") tf.setBackend("cpu");
window.addEventListener("DOMContentLoaded", explorer.start);
