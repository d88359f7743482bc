#!/usr/bin/env python3
# Writes client_value.sql: what BG/NBD and Pareto/NBD predict, to 20 digits, over the whole range of frequencies, times and parameters.
#
# The textbook forms with 2F1, in as many digits as they take (mpmath: Debian's python3-mpmath). The extension computes the same
# figures in other forms, so that an error in one does not hide in the other. Run it to make the table anew; the tests read the table.
#
#   test/reference/client_value.py >test/reference/client_value.sql
import random

from mpmath import mp, mpf

random.seed(20260101)


def settled(f, negligible=0):
  """f in as many digits as it takes for 25 not to change: the forms lose digits where they cancel."""
  mp.dps = 60
  before = f()
  while mp.dps < 8000:
    mp.dps *= 2
    now = f()
    if abs(now - before) <= max(abs(now) * mpf(10) ** -25, negligible):
      return now
    before = now
  raise ArithmeticError('did not settle')


# BG/NBD: Fader, Hardie and Lee (2005)
def bgnbd_ln_odds_gone(r, alpha, a, b, x, t_x, T):
  return mp.log(a / (b + x - 1)) + (r + x) * mp.log((alpha + T) / (alpha + t_x))


def bgnbd_p_alive(r, alpha, a, b, x, t_x, T):
  return 1 / (1 + mp.exp(bgnbd_ln_odds_gone(r, alpha, a, b, x, t_x, T))) if x > 0 else mpf(1)


def bgnbd_ahead(shape, ratio, a, b):
  z = ratio / (1 + ratio)
  return (a + b - 1) / (a - 1) * (1 - (1 - z) ** shape * mp.hyp2f1(shape, b, a + b - 1, z, maxterms=10**6))


def bgnbd_expected(r, alpha, a, b, x, t_x, T, t):
  return bgnbd_p_alive(r, alpha, a, b, x, t_x, T) * bgnbd_ahead(r + x, t / (alpha + T), a, b + x)


def bgnbd_new(r, alpha, a, b, t):
  return bgnbd_ahead(r, t / alpha, a, b)


def bgnbd_probability(r, alpha, a, b, n, t):
  z = t / (alpha + t)
  stays = mp.exp(mp.loggamma(b + n) + mp.loggamma(a + b) - mp.loggamma(b) - mp.loggamma(a + b + n))
  result = stays * mp.exp(mp.loggamma(r + n) - mp.loggamma(r) - mp.loggamma(n + 1) + r * mp.log(alpha / (alpha + t)) + n * mp.log(z))
  if n > 0:
    # I_z(n, r) = 1 - I_(1-z)(r, n): a sum of n terms
    term, rest = mpf(1), mpf(0)
    for j in range(n):
      rest += term
      term *= z * (r + j) / (j + 1)
    result += a / (b + n - 1) * stays * (1 - (alpha / (alpha + t)) ** r * rest)
  return result


# Pareto/NBD: Fader and Hardie (2005)
def left_after(r_x, alpha, s, beta, t):
  both = r_x + s
  if alpha >= beta:
    return (alpha + t) ** -both / both * mp.hyp2f1(both, s + 1, both + 1, (alpha - beta) / (alpha + t), maxterms=10**7)
  return (beta + t) ** -both / both * mp.hyp2f1(both, r_x, both + 1, (beta - alpha) / (beta + t), maxterms=10**7)


def pareto_nbd_p_alive(r, alpha, s, beta, x, t_x, T):
  left = left_after(r + x, alpha, s, beta, t_x) - left_after(r + x, alpha, s, beta, T)
  return 1 / (1 + s * left * (alpha + T) ** (r + x) * (beta + T) ** s)


def pareto_nbd_expected(r, alpha, s, beta, x, t_x, T, t):
  return (pareto_nbd_p_alive(r, alpha, s, beta, x, t_x, T) * (r + x) * (beta + T) / ((alpha + T) * (s - 1)) *
      (1 - ((beta + T) / (beta + T + t)) ** (s - 1)))


def pareto_nbd_new(r, alpha, s, beta, t):
  return r * beta / (alpha * (s - 1)) * (1 - (beta / (beta + t)) ** (s - 1))


def pareto_nbd_probability(r, alpha, s, beta, n, t):
  ln_factor = mp.loggamma(r + n) - mp.loggamma(r) - mp.loggamma(n + 1)
  stays = mp.exp(ln_factor + r * mp.log(alpha / (alpha + t)) + n * mp.log(t / (alpha + t)) + s * mp.log(beta / (beta + t)))
  def leaves(u):  # by u = ln(y / (t - y)): smooth and falling exponentially at both ends, so that plain sums converge
    p = 1 / (1 + mp.exp(-u))
    y = t * p
    return mp.exp(ln_factor + r * mp.log(alpha / (alpha + y)) + n * mp.log(y / (alpha + y)) + s * mp.log(beta / (beta + y))) * s / (beta + y) * y * (1 - p)
  def total(step, shift):
    result = mpf(0)
    for direction in (1, -1):
      k = 0 if direction > 0 else -1
      while True:
        value = leaves(peak + (k + shift) * step)
        result += value
        if value < result * mpf(10) ** -30 or value == 0:
          break
        k += direction
    return result * step
  peak = max((mpf(u) / 50 for u in range(-3000, 3000)), key=leaves)
  step = mpf(1) / 2
  before = total(step, 0)
  while True:
    now = (before + total(step, mpf(1) / 2)) / 2
    if abs(now - before) < now * mpf(10) ** -12:
      return stays + now
    before, step = now, step / 2


def number():
  return 10 ** random.uniform(-4, 4)


def row(model, what, parameters, x, t_x, T, t, value):
  print('  (%s)' % ', '.join(["'%s'" % model, "'%s'" % what] + [repr(p) for p in parameters] +
      [str(x)] + ['NULL' if v is None else repr(v) for v in (t_x, T, t)] + [mp.nstr(value, 20, min_fixed=0, max_fixed=0) if value > mpf(10) ** -330 else '0']) + ',')


def cases(model):
  functions = globals()
  def f(name, *arguments):
    # a sum of exponentially small terms need not be known below what a double can be; a difference of large ones must
    negligible = mpf(10) ** -350 if name == 'probability' else 0
    return settled(lambda: functions['%s_%s' % (model, name)](*(a if isinstance(a, int) else mpf(a) for a in arguments)), negligible)
  ordinary = (0.243, 4.414, 0.793, 2.426) if model == 'bgnbd' else (0.55, 10.56, 0.61, 11.64)
  for i in range(110):
    # from ordinary to extreme
    parameters = ordinary if i < 10 else tuple(number() for _ in range(4))
    x = 0 if i % 11 == 10 else min(10000, int(10 ** random.uniform(0, 4)))
    T = 10 ** random.uniform(0, 4)
    t_x = T * random.choice((1, 0.999, random.random())) if x else 0.0
    t = 10 ** random.uniform(-2, 4)
    row(model, 'p_alive', parameters, x, t_x, T, None, f('p_alive', *parameters, x, t_x, T))
    value = f('expected', *parameters, x, t_x, T, t)
    # what is below the smallest double is zero there
    row(model, 'expected', parameters, x, t_x, T, t, value)
    row(model, 'new', parameters, 0, None, None, t, f('new', *parameters, t))
  for i in range(60):
    parameters = ordinary if i < 10 else tuple(number() for _ in range(4))
    n = int(10 ** random.uniform(0, 4)) if i % 4 else random.randrange(4)
    t = 10 ** random.uniform(-1, 4)
    if model == 'bgnbd':
      value = f('probability', *parameters, n, t)
    else:
      mp.dps = 30
      value = pareto_nbd_probability(*(mpf(p) for p in parameters), n, mpf(t))
    row(model, 'probability', parameters, n, None, None, t, value)


print('-- Made by client_value.py: do not edit. The figures are in the order of magnitude that they are computed in: 1e-400 is 0 to a double.')
print('CREATE TEMP TABLE client_value_reference (model text, what text, p1 float8, p2 float8, p3 float8, p4 float8, x bigint, t_x float8, t float8, horizon float8, value numeric);')
print('INSERT INTO client_value_reference VALUES')
cases('bgnbd')
cases('pareto_nbd')
print("  ('bgnbd', 'p_alive', 1.0, 1.0, 1.0, 1.0, 0, 0.0, 0.0, NULL, 1);")
