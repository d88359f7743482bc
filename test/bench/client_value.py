#!/usr/bin/env python3
# BG/NBD by NumPy and SciPy, as a script outside the database would fit and score it: client_value.py FILE of x, t_x, T.
import sys
import time

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln, hyp2f1

start = time.time()
x, t_x, T = np.loadtxt(sys.argv[1], delimiter=',', unpack=True)
print('SciPy: read the file %.3f s' % (time.time() - start))


def minus_log_likelihood(theta, x, t_x, T, n):
  r, alpha, a, b = np.exp(theta)
  terms = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
  gone = np.where(x > 0, np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + t_x), -np.inf)
  return -np.sum(n * (terms + np.logaddexp(-(r + x) * np.log(alpha + T), gone))) / np.sum(n)


def fit(what, x, t_x, T, n):
  start = time.time()
  found = minimize(minus_log_likelihood, np.zeros(4), args=(x, t_x, T, n), method='L-BFGS-B', options=dict(ftol=1e-14))
  print('SciPy: bgnbd_fit, %s %.3f s, r %.4f alpha %.4f a %.4f b %.4f' % ((what, time.time() - start) + tuple(np.exp(found.x))))
  return np.exp(found.x)


fit('a row a client', x, t_x, T, np.ones(len(x)))
start = time.time()
rows, n = np.unique(np.column_stack((x, t_x, T)), axis=0, return_counts=True)
print('SciPy: distinct rows %.3f s' % (time.time() - start))
r, alpha, a, b = fit('distinct rows', rows[:, 0], rows[:, 1], rows[:, 2], n)

start = time.time()
z = 52 / (alpha + T + 52)
alive = 1 / (1 + np.where(x > 0, a / (b + np.maximum(x, 1) - 1) * ((alpha + T) / (alpha + t_x)) ** (r + x), 0))
print('SciPy: p_alive %.3f s' % (time.time() - start))
expected = (a + b + x - 1) / (a - 1) * (1 - ((alpha + T) / (alpha + T + 52)) ** (r + x) * hyp2f1(r + x, b + x, a + b + x - 1, z)) * alive
print('SciPy: p_alive and expected_purchases %.3f s, together %.1f' % (time.time() - start, np.sum(expected)))
