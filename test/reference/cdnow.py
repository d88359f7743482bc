#!/usr/bin/env python3
# What an independent program finds in CDNOW: fits of BG/NBD, Pareto/NBD and Gamma-Gamma to the sample and to all 23,570 customers,
# calibrated to 1997-09-30 in weeks. It shares nothing with the extension: a row a customer, likelihoods as the papers have them, the
# Pareto/NBD integral by Gauss-Legendre with 64 points on a logarithmic scale, SciPy's optimizers (Debian: python3-scipy).
# client_value_published.sql has its figures.
#
#   test/reference/cdnow.py FOLDER        with cdnow/CDNOW_sample.txt and cdnow/CDNOW_master.txt in FOLDER
import datetime
import sys

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln

CUT = datetime.date(1997, 9, 30).toordinal()
NODES, WEIGHTS = np.polynomial.legendre.leggauss(64)


def customers(file, day_at):
  days = {}
  for line in open(file):
    fields = line.split()
    day = fields[day_at]
    if len(day) != 8:
      continue
    day = datetime.date(int(day[:4]), int(day[4:6]), int(day[6:])).toordinal()
    if day <= CUT:
      of_days = days.setdefault(fields[day_at - 1], {})
      of_days[day] = of_days.get(day, 0) + round(float(fields[-1]) * 100)
  rows = []
  for of_days in days.values():
    first, last = min(of_days), max(of_days)
    rows.append((len(of_days) - 1, (last - first) / 7, (CUT - first) / 7, sum(v for d, v in of_days.items() if d > first) / 100))
  return np.array(rows).T


def bgnbd(ln, x, t_x, T):
  r, alpha, a, b = np.exp(ln)
  alive = -(r + x) * np.log(alpha + T)
  gone = np.where(x > 0, np.log(a / (b + np.maximum(x, 1) - 1)) - (r + x) * np.log(alpha + t_x), -np.inf)
  return np.sum(gammaln(r + x) - gammaln(r) + r * np.log(alpha) + gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x) + np.logaddexp(alive, gone))


def pareto_nbd(ln, x, t_x, T):
  r, alpha, s, beta = np.exp(ln)
  low, high = np.log(alpha + t_x), np.log(alpha + T)
  u = ((low + high)[:, None] + np.outer(high - low, NODES)) / 2
  y = np.exp(u) - alpha
  ln_left = np.log(np.maximum(np.sum(WEIGHTS * np.exp((1 - r - x)[:, None] * u - (s + 1) * np.log(beta + y) - (1 - r - x)[:, None] * low[:, None]), axis=1) * (high - low) / 2, 1e-300))
  ln_left += (1 - r - x) * low
  alive = -(r + x) * np.log(alpha + T) - s * np.log(beta + T)
  return np.sum(gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta) + np.logaddexp(alive, np.log(s) + ln_left))


def gamma_gamma(ln, x, total):
  p, q, gamma = np.exp(ln)
  return np.sum(gammaln(p * x + q) - gammaln(p * x) - gammaln(q) - np.log(total / x) + p * x * np.log(total / (gamma + total)) + q * np.log(gamma / (gamma + total)))


def fit(name, likelihood, start):
  best = np.log(start)
  for _ in range(4):
    best = minimize(lambda v: -likelihood(v), best, method='L-BFGS-B', options={'ftol': 1e-15, 'gtol': 1e-9, 'maxiter': 1000}).x
    best = minimize(lambda v: -likelihood(v), best, method='Nelder-Mead', options={'xatol': 1e-10, 'fatol': 1e-10, 'maxiter': 4000}).x
  print(name, *('%.6f' % v for v in np.exp(best)), 'log-likelihood %.4f' % likelihood(best))


for what, file, day_at in (('sample', 'CDNOW_sample.txt', 2), ('all', 'CDNOW_master.txt', 1)):
  x, t_x, T, total = customers('%s/cdnow/%s' % (sys.argv[1], file), day_at)
  back = (x > 0) & (total > 0)
  print(what, len(x), 'customers,', int(sum(back)), 'with repeat spending, correlation %.6f' % np.corrcoef(x[back], (total / np.maximum(x, 1))[back])[0, 1])
  fit('%s BG/NBD r alpha a b' % what, lambda v: bgnbd(v, x, t_x, T), (1, 4, 1, 2))
  fit('%s Gamma-Gamma p q gamma' % what, lambda v: gamma_gamma(v, x[back], total[back]), (3, 3, 20))
  fit('%s Pareto/NBD r alpha s beta' % what, lambda v: pareto_nbd(v, x, t_x, T), (1, 10, 1, 10))
