"""Answers to the exercises of chapter 8c, right and plausibly wrong; `test_wrong_answers.py` tries them."""

# Small pictures, and mixtures of them in the place of what would be painted. Nothing is optimised.
GIVEN = """
from types import SimpleNamespace

features, emoji = (feature_network(checkpoints.load(name)) for name in ("digit_classifier", "group_classifier"))
photo, strokes, glass = pictures.load_photo(64), pictures.paint_strokes(64), pictures.paint_glass(64, panes=25)
tiny = np.float32([[1, 2, 0, 1], [0, 1, 3, 1]])
TILES, SHUFFLES, SIDE = (16, 8, 4, 2, 1), 3, 64
limits = {"painter": 0.093, "colours": 0.23}  # between tiles of 8 and of 4, and between tiles of 2 and of 1


def judged(picture, style, network=features, scales=SCALES):
    ours, known = (activations(network, tf.constant(each[None], tf.float32), scales) for each in (picture, style))
    return float(style_loss(ours, *style_statistics(known))[0])


def shuffled(picture, side, seed):
    count = len(picture) // side
    tiles = picture.reshape(count, side, count, side, 3).swapaxes(1, 2).reshape(-1, side, side, 3)
    tiles = np.random.default_rng(seed).permutation(tiles)
    return tiles.reshape(count, count, side, side, 3).swapaxes(1, 2).reshape(picture.shape)


own_photo, own_style = photo, glass
noise = np.float32(0.4 + 0.2 * np.random.default_rng(SEED).random(strokes.shape))


def errors_by_map(picture):
    ours, known = (activations(features, tf.constant(each[None], tf.float32), SCALES) for each in (picture, strokes))
    means, grams = style_statistics(known)
    return np.array([float(style_loss([each], [mean], [gram])[0]) for each, mean, gram in zip(ours, means, grams)])


def blend(one, two, share):
    return np.float32((1 - share) * one + share * two)


def stylised(picture, scales, start=noise, content=0.0):
    style = np.array([judged(each, strokes, scales=scales) for each in (start, picture)])
    return SimpleNamespace(picture=picture, film=np.stack([start, picture]),
                           losses={"loss": style + content, "style": style, "content": np.array([1.0, 1.0])})
"""
GRADIENT = """
def gram_gradient(features, target):
    places, channels = features.shape[1], features.shape[0]
    gram = features @ features.T / places
    return {result}
"""
GRAM = """
def gram_matrix(maps, centred):
    batch, height, width, channels = maps.shape
    rows = {rows}
    if {condition}:
        {centring}
    return {result}
"""
RIGHT_GRAM = {
    "rows": "np.reshape(maps, (batch, height * width, channels))", "condition": "centred",
    "centring": "rows = rows - rows.mean(axis=1, keepdims=True)",
    "result": "rows.swapaxes(1, 2) @ rows / (height * width)",
}
TILES_OF = """
guesses, blind = {guesses}, {blind}
by_tile = {{side: float({mean}) for side in TILES}}
passes = {{name: {passes} for name, limit in limits.items()}}
{later}
"""
LOSSES = "[judged(shuffled(strokes, side, seed), strokes) for seed in range(SHUFFLES)]"
RIGHT_TILES = {
    "guesses": "{'painter': 8, 'colours': 2}", "blind": "0", "mean": f"np.mean({LOSSES})",
    "passes": "max((side for side in TILES if by_tile[side] > limit), default=0)", "later": "",
}
OWN = """
own_pictures = {pictures}
favourite, parts = {favourite}, {parts}
own_scores = {{weight: {score} for weight, picture in own_pictures.items()}}
floor = {floor}
"""
RIGHT_OWN = {
    "pictures": "{weight: blend(own_photo, own_style, share) for weight, share in ((0.0, 0.95), (0.05, 0.9), "
                "(0.5, 0.8))}",
    "favourite": "0.05", "parts": "(np.s_[:, :32], np.s_[:, 32:])", "score": "judged(picture, own_style, emoji)",
    "floor": "judged(own_style[parts[0]], own_style[parts[1]], emoji)",
}
BREAK = """
widest, tells = {widest}, {tells}
one, three = {one}, {three}
worst_two = {worst}
"""
RIGHT_BREAK = {
    "widest": "{1: 14, 3: 56}", "tells": "'three scales'", "one": "stylised(shuffled(strokes, 16, 1), 1)",
    "three": "stylised(blend(strokes, noise, 0.02), 3)",
    "worst": "{int(number) for number in errors_by_map(one.picture).argsort()[-2:]}",
}
MIX = """
of_strokes, of_glass = (style_statistics(activations({network}, each[None], SCALES)) for each in (strokes, glass))


def mixed(alpha):
    return {mixed}


between = {between}
half_losses = {{name: {loss} for name, style in {{"strokes": strokes, "glass": glass}}.items()}}
others = {others}
shares = {{name: half_losses[name] / others[name] for name in half_losses}}
nearer = {nearer}
"""
RIGHT_MIX = {
    "network": "features",
    "mixed": "[[(1 - alpha) * one + alpha * two for one, two in zip(*pair)] for pair in zip(of_strokes, of_glass)]",
    "between": "{0: strokes, 0.5: blend(strokes, glass, 0.65), 1: glass}",
    "loss": "judged(between[0.5], style, emoji)",
    "others": "{'strokes': judged(glass, strokes, emoji), 'glass': judged(strokes, glass, emoji)}",
    "nearer": "{'by loss': min(half_losses, key=half_losses.get), 'by share': min(shares, key=shares.get)}",
}
FARTHER = "{'by loss': max(half_losses, key=half_losses.get), 'by share': max(shares, key=shares.get)}"
READ = """
def content_place(maps, scales):
    return {place}


content_sees = {sees}
"""
RIGHT_READ = {"place": "len(maps) // scales * min(scales, 2) - 1", "sees": "{1: 14, 2: 28, 3: 28}"}


def changed(template, right, **parts):
    assert parts.keys() <= right.keys()
    return template.format(**{**right, **parts})


RIGHT_ANSWERS = {
    "1": GRADIENT.format(result="4 / places * (gram - target) @ features"),
    "2": GRAM.format(**RIGHT_GRAM),
    "3": TILES_OF.format(**RIGHT_TILES),
    "4": OWN.format(**RIGHT_OWN),
    "5": BREAK.format(**RIGHT_BREAK),
    "6": MIX.format(**RIGHT_MIX),
    "7": READ.format(**RIGHT_READ),
}
OTHER_RIGHT_ANSWERS = {
    "1": {
        "an einsum": GRADIENT.format(result="4 / places * np.einsum('ij,jk->ik', gram - target, features)"),
        "both sums": GRADIENT.format(
            result="2 / places * ((gram - target) @ features + (gram - target).T @ features)"),
    },
    "2": {
        "a product of the means subtracted": changed(
            GRAM, RIGHT_GRAM, result="rows.swapaxes(1, 2) @ rows / (height * width) - centred * np.einsum("
            "'bi,bj->bij', rows.mean(axis=1), rows.mean(axis=1))", centring="pass"),
        "TensorFlow": changed(
            GRAM, RIGHT_GRAM, rows="tf.reshape(maps, (batch, height * width, channels))",
            centring="rows = rows - tf.reduce_mean(rows, axis=1, keepdims=True)",
            result="tf.matmul(rows, rows, transpose_a=True) / (height * width)"),
    },
    "3": {"another guess": changed(TILES_OF, RIGHT_TILES, guesses="{'painter': 16, 'colours': 4}")},
    "4": {
        "the other part against the one": changed(
            OWN, RIGHT_OWN, floor="judged(own_style[parts[1]], own_style[parts[0]], emoji)"),
        "upper and lower part": changed(OWN, RIGHT_OWN, parts="(np.s_[:32], np.s_[32:])"),
        "the largest weight": changed(OWN, RIGHT_OWN, favourite="0.5"),
    },
    "5": {"a list of maps": changed(
        BREAK, RIGHT_BREAK, worst="[int(number) for number in errors_by_map(one.picture).argsort()[-2:]]")},
    "7": {"by experiment": changed(
        READ, RIGHT_READ, place="next(place for place in range(len(maps)) if float(transfer_losses("
        "[each + float(number == place) for number, each in enumerate(maps)], maps, style_statistics(maps), 1.0, "
        "scales)['content'][0]) > 0)")},
}
WRONG_ANSWERS = {
    "1": {
        "2 in place of 4": GRADIENT.format(result="2 / places * (gram - target) @ features"),
        "not divided by the places": GRADIENT.format(result="4 * (gram - target) @ features"),
        "divided by the channels": GRADIENT.format(result="4 / channels * (gram - target) @ features"),
        "divided by the places twice": GRADIENT.format(result="4 / places**2 * (gram - target) @ features"),
        "the sign exchanged": GRADIENT.format(result="4 / places * (target - gram) @ features"),
        "the gradient of the Gram matrix": GRADIENT.format(result="2 * (gram - target)"),
        "transposed": GRADIENT.format(result="(4 / places * (gram - target) @ features).T"),
        "no target": GRADIENT.format(result="4 / places * gram @ features"),
        "a Gram matrix of sums": GRADIENT.format(result="4 / places * (features @ features.T - target) @ features"),
    },
    "2": {
        "a sum": changed(GRAM, RIGHT_GRAM, result="rows.swapaxes(1, 2) @ rows"),
        "one place fewer": changed(GRAM, RIGHT_GRAM, result="rows.swapaxes(1, 2) @ rows / (height * width - 1)"),
        "divided by the channels, too": changed(
            GRAM, RIGHT_GRAM, result="rows.swapaxes(1, 2) @ rows / (height * width * channels)"),
        "divided by the batch, too": changed(
            GRAM, RIGHT_GRAM, result="rows.swapaxes(1, 2) @ rows / (height * width * batch)"),
        "one mean for the batch": changed(
            GRAM, RIGHT_GRAM, centring="rows = rows - rows.mean(axis=(0, 1), keepdims=True)"),
        "one mean for all channels": changed(
            GRAM, RIGHT_GRAM, centring="rows = rows - rows.mean(axis=(1, 2), keepdims=True)"),
        "the mean of each place": changed(
            GRAM, RIGHT_GRAM, centring="rows = rows - rows.mean(axis=2, keepdims=True)"),
        "divided by the deviation": changed(
            GRAM, RIGHT_GRAM, centring="rows = (rows - rows.mean(axis=1, keepdims=True)) / rows.std(axis=1, "
            "keepdims=True)"),
        "never centred": changed(GRAM, RIGHT_GRAM, condition="False"),
        "always centred": changed(GRAM, RIGHT_GRAM, condition="True"),
        "centred the other way round": changed(GRAM, RIGHT_GRAM, condition="not centred"),
        "channels and places mixed": changed(
            GRAM, RIGHT_GRAM, rows="np.reshape(maps, (batch, channels, height * width)).swapaxes(1, 2)"),
        "places by places": changed(GRAM, RIGHT_GRAM, result="rows @ rows.swapaxes(1, 2) / channels"),
        "one matrix for the batch": changed(
            GRAM, RIGHT_GRAM, result="np.mean(rows.swapaxes(1, 2) @ rows, axis=0) / (height * width)"),
        "the maps changed": changed(GRAM, RIGHT_GRAM, centring="rows -= rows.mean(axis=1, keepdims=True)"),
    },
    "3": {
        "a single shuffle": changed(TILES_OF, RIGHT_TILES, mean="judged(shuffled(strokes, side, 0), strokes)"),
        "the photograph shuffled": changed(
            TILES_OF, RIGHT_TILES, mean="np.mean([judged(shuffled(photo, side, seed), strokes) for seed in "
            "range(SHUFFLES)])"),
        "picture and style exchanged": changed(
            TILES_OF, RIGHT_TILES, mean="np.mean([judged(strokes, shuffled(strokes, side, seed)) for seed in "
            "range(SHUFFLES)])"),
        "the emoji's features": changed(
            TILES_OF, RIGHT_TILES, mean="np.mean([judged(shuffled(strokes, side, seed), strokes, emoji) for seed in "
            "range(SHUFFLES)])"),
        "one scale": changed(
            TILES_OF, RIGHT_TILES, mean="np.mean([judged(shuffled(strokes, side, seed), strokes, scales=1) for seed "
            "in range(SHUFFLES)])"),
        "the sum": changed(TILES_OF, RIGHT_TILES, mean=f"np.sum({LOSSES})"),
        "the largest": changed(TILES_OF, RIGHT_TILES, mean=f"np.max({LOSSES})"),
        "the smallest tiles above the limit": changed(
            TILES_OF, RIGHT_TILES, passes="min((side for side in TILES if by_tile[side] > limit), default=0)"),
        "the smallest tiles below the limit": changed(
            TILES_OF, RIGHT_TILES, passes="min((side for side in TILES if by_tile[side] < limit), default=0)"),
        "the limits exchanged": changed(
            TILES_OF, RIGHT_TILES, later="passes = dict(zip(passes, [*passes.values()][::-1]))"),
        "no guess for the colours": changed(TILES_OF, RIGHT_TILES, guesses="{'painter': 8}"),
        "losses guessed": changed(TILES_OF, RIGHT_TILES, guesses="{'painter': 0.1, 'colours': 0.2}"),
        "the pixels at half size": changed(TILES_OF, RIGHT_TILES, blind="3"),
        "the map that sees most": changed(TILES_OF, RIGHT_TILES, blind="8"),
        "the first layer": changed(TILES_OF, RIGHT_TILES, blind="1"),
        "all maps of pixels": changed(TILES_OF, RIGHT_TILES, blind="[0, 3, 6]"),
        "no map": changed(TILES_OF, RIGHT_TILES, blind="None"),
    },
    "4": {
        "the photograph three times": changed(OWN, RIGHT_OWN, pictures="dict.fromkeys((0.0, 0.05, 0.5), own_photo)"),
        "one picture three times": changed(
            OWN, RIGHT_OWN, pictures="dict.fromkeys((0.0, 0.05, 0.5), blend(own_photo, own_style, 0.7))"),
        "two weights": changed(
            OWN, RIGHT_OWN, pictures="{0.0: blend(own_photo, own_style, 0.9), 0.05: blend(own_photo, own_style, 0.6)}"),
        "the weights exchanged": changed(
            OWN, RIGHT_OWN, pictures="{weight: blend(own_photo, own_style, weight) for weight in (0.1, 0.5, 0.9)}",
            favourite="0.5"),
        "the style itself": changed(OWN, RIGHT_OWN, pictures="dict.fromkeys((0.0, 0.05, 0.5), own_style)"),
        "pictures of another size": changed(
            OWN, RIGHT_OWN, pictures="{0.0: own_style[:32], 0.05: own_style[:48], 0.5: own_photo[:32]}"),
        "a favourite that was not tried": changed(OWN, RIGHT_OWN, favourite="1.0"),
        "scores by the digits' features": changed(OWN, RIGHT_OWN, score="judged(picture, own_style)"),
        "scores against the photograph": changed(OWN, RIGHT_OWN, score="judged(picture, own_photo, emoji)"),
        "scores of the style against the picture": changed(OWN, RIGHT_OWN, score="judged(own_style, picture, emoji)"),
        "parts that overlap": changed(OWN, RIGHT_OWN, parts="(np.s_[:, :40], np.s_[:, 24:])"),
        "one part twice": changed(OWN, RIGHT_OWN, parts="(np.s_[:, :32], np.s_[:, :32])"),
        "the whole as one part": changed(OWN, RIGHT_OWN, parts="(np.s_[:, :], np.s_[:, 32:])"),
        "narrow parts": changed(OWN, RIGHT_OWN, parts="(np.s_[:, :16], np.s_[:, 48:])"),
        "the floor by the digits' features": changed(
            OWN, RIGHT_OWN, floor="judged(own_style[parts[0]], own_style[parts[1]])"),
        "the floor against the whole": changed(
            OWN, RIGHT_OWN, floor="judged(own_style[parts[0]], own_style, emoji)"),
        "the floor is nothing": changed(OWN, RIGHT_OWN, floor="0.0"),
        "the floor of the photograph": changed(
            OWN, RIGHT_OWN, floor="judged(own_photo[parts[0]], own_photo[parts[1]], emoji)"),
    },
    "5": {
        "both at three scales": changed(BREAK, RIGHT_BREAK, one="stylised(shuffled(strokes, 16, 1), 3)"),
        "both at one scale": changed(BREAK, RIGHT_BREAK, three="stylised(blend(strokes, noise, 0.02), 1)"),
        "exchanged": changed(
            BREAK, RIGHT_BREAK, one="stylised(blend(strokes, noise, 0.02), 3)",
            three="stylised(shuffled(strokes, 16, 1), 1)"),
        "begun at the photograph": changed(BREAK, RIGHT_BREAK, one="stylised(shuffled(strokes, 16, 1), 1, photo)"),
        "with content": changed(
            BREAK, RIGHT_BREAK, one="stylised(shuffled(strokes, 16, 1), 1, content=0.001)",
            three="stylised(blend(strokes, noise, 0.02), 3, content=0.001)"),
        "no steps": changed(BREAK, RIGHT_BREAK, one="stylised(noise, 1)", three="stylised(noise, 3)"),
        "the optimised loss tells": changed(BREAK, RIGHT_BREAK, tells="'optimised'"),
        "all see 14 pixels": changed(BREAK, RIGHT_BREAK, widest="{1: 14, 3: 14}"),
        "three times as far": changed(BREAK, RIGHT_BREAK, widest="{1: 14, 3: 42}"),
        "the first layer's field": changed(BREAK, RIGHT_BREAK, widest="{1: 5, 3: 20}"),
        "fields of half size": changed(BREAK, RIGHT_BREAK, widest="{1: 14, 3: 28}"),
        "the two best maps": changed(
            BREAK, RIGHT_BREAK, worst="{int(number) for number in errors_by_map(one.picture).argsort()[:2]}"),
        "the worst maps that one scale sees": changed(BREAK, RIGHT_BREAK, worst="{1, 2}"),
        "the maps counted from 1": changed(
            BREAK, RIGHT_BREAK, worst="{int(number) + 1 for number in errors_by_map(one.picture).argsort()[-2:]}"),
        "one map": changed(BREAK, RIGHT_BREAK, worst="{int(errors_by_map(one.picture).argmax())}"),
    },
    "6": {
        "the other way round": changed(
            MIX, RIGHT_MIX, mixed="[[alpha * one + (1 - alpha) * two for one, two in zip(*pair)] for pair in "
            "zip(of_strokes, of_glass)]"),
        "pictures mixed, not statistics": changed(
            MIX, RIGHT_MIX, mixed="style_statistics(activations(features, np.float32((1 - alpha) * strokes + alpha * "
            "glass)[None], SCALES))"),
        "Gram matrices mixed, means of the strokes": changed(
            MIX, RIGHT_MIX, mixed="[of_strokes[0], [(1 - alpha) * one + alpha * two for one, two in zip(of_strokes[1], "
            "of_glass[1])]]"),
        "means mixed, Gram matrices of the strokes": changed(
            MIX, RIGHT_MIX, mixed="[[(1 - alpha) * one + alpha * two for one, two in zip(of_strokes[0], of_glass[0])], "
            "of_strokes[1]]"),
        "always half": changed(
            MIX, RIGHT_MIX, mixed="[[0.5 * one + 0.5 * two for one, two in zip(*pair)] for pair in zip(of_strokes, "
            "of_glass)]"),
        "added": changed(
            MIX, RIGHT_MIX, mixed="[[one + alpha * two for one, two in zip(*pair)] for pair in zip(of_strokes, "
            "of_glass)]"),
        "the emoji's statistics": changed(MIX, RIGHT_MIX, network="emoji"),
        "Gram matrices before means": changed(
            MIX, RIGHT_MIX, mixed="[[(1 - alpha) * one + alpha * two for one, two in zip(*pair)] for pair in "
            "zip(of_strokes, of_glass)][::-1]"),
        "the pictures exchanged": changed(
            MIX, RIGHT_MIX, between="{0: glass, 0.5: blend(strokes, glass, 0.65), 1: strokes}"),
        "one picture": changed(MIX, RIGHT_MIX, between="dict.fromkeys((0, 0.5, 1), blend(strokes, glass, 0.5))"),
        "judged by the digits' features": changed(MIX, RIGHT_MIX, loss="judged(between[0.5], style)"),
        "the styles against the picture": changed(MIX, RIGHT_MIX, loss="judged(style, between[0.5], emoji)"),
        "another picture's losses": changed(MIX, RIGHT_MIX, loss="judged(between[1], style, emoji)"),
        "divided by the other loss": changed(
            MIX, RIGHT_MIX, others="{'strokes': judged(strokes, glass, emoji), 'glass': judged(glass, strokes, "
            "emoji)}"),
        "divided by their sum": changed(MIX, RIGHT_MIX, others="dict.fromkeys(half_losses, sum(half_losses.values()))"),
        "not divided": changed(MIX, RIGHT_MIX, others="{'strokes': 1, 'glass': 1}"),
        "the farther": changed(MIX, RIGHT_MIX, nearer=FARTHER),
        "the loss decides both": changed(
            MIX, RIGHT_MIX, nearer="dict.fromkeys(('by loss', 'by share'), min(half_losses, key=half_losses.get))"),
        "the share decides both": changed(
            MIX, RIGHT_MIX, nearer="dict.fromkeys(('by loss', 'by share'), min(shares, key=shares.get))"),
    },
    "7": {
        "the last map": changed(READ, RIGHT_READ, place="len(maps) - 1"),
        "the last layer of the first size": changed(READ, RIGHT_READ, place="len(maps) // scales - 1"),
        "always 5": changed(READ, RIGHT_READ, place="min(5, len(maps) - 1)"),
        "three maps for each size": changed(READ, RIGHT_READ, place="3 * min(scales, 2) - 1"),
        "counted from 1": changed(READ, RIGHT_READ, place="len(maps) // scales * min(scales, 2)"),
        "the first layer": changed(READ, RIGHT_READ, place="len(maps) // scales * min(scales, 2) - 2"),
        "the pixels of the second size": changed(READ, RIGHT_READ, place="len(maps) // scales * (min(scales, 2) - 1)"),
        "never the second of two sizes": changed(READ, RIGHT_READ, place="2 if scales < 3 else 5"),
        "at a quarter it sees 56": changed(READ, RIGHT_READ, sees="{1: 14, 2: 28, 3: 56}"),
        "always 14": changed(READ, RIGHT_READ, sees="{1: 14, 2: 14, 3: 14}"),
        "always 28": changed(READ, RIGHT_READ, sees="{1: 28, 2: 28, 3: 28}"),
        "the first layer's field": changed(READ, RIGHT_READ, sees="{1: 5, 2: 10, 3: 10}"),
    },
}
