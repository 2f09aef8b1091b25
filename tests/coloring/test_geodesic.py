from __future__ import annotations

import heapq

import numpy as np

from colorizer.coloring.geodesic import measure_distances


def dijkstra(features, seed, step):
    """Measure the same distances one pixel at a time, without any error."""
    height, width = seed.shape
    distances = np.where(seed, 0.0, np.inf)
    queue = [(0.0, int(y), int(x)) for y, x in np.argwhere(seed)]
    while queue:
        distance, y, x = heapq.heappop(queue)
        if distance > distances[y, x]:
            continue
        for down in (-1, 0, 1):
            for across in (-1, 0, 1):
                v, u = y + down, x + across
                if 0 <= v < height and 0 <= u < width:
                    change = np.square(features[v, u] - features[y, x]).sum()
                    straight = (across * step[0]) ** 2 + (down * step[1]) ** 2
                    further = distance + np.sqrt(change + straight)
                    if further < distances[v, u]:
                        distances[v, u] = further
                        heapq.heappush(queue, (further, v, u))
    return distances


def test_distances_are_those_of_the_shortest_ways():
    random = np.random.default_rng(0)
    y, x = np.mgrid[0:30, 0:40]
    blobs = [np.sin(x / random.uniform(2, 5) + 3 * random.random()) * np.cos(y / 4) for _ in "YUV"]
    features = np.stack(blobs, -1).astype(np.float32)
    seeds = np.zeros((2, 30, 40), bool)
    seeds[0, 3:6, 4:7] = seeds[1, 29, 39] = True
    step = (0.03, 0.05)
    distances = measure_distances(features, seeds, step)
    exact = np.array([dijkstra(features, seed, step) for seed in seeds])
    assert (distances > exact - 1e-4).all()
    assert (distances - exact).mean() < 0.03 * exact.mean()


def test_an_edge_is_a_long_way_and_a_gap_in_it_a_short_one():
    features = np.zeros((40, 40, 1), np.float32)
    features[:, 20] = 5
    seed = np.zeros((1, 40, 40), bool)
    seed[0, 5, 10] = True
    step = (1 / 40, 1 / 40)
    assert measure_distances(features, seed, step)[0, 5, 30] > 10
    features[35:] = 0
    assert measure_distances(features, seed, step)[0, 5, 30] < 2
