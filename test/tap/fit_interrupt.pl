#!/usr/bin/perl
# A fit that other processes interrupt: an interrupt that asks for nothing leaves the model as it is, to the bit; a cancel ends the fit.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('fit_interrupt');
$node->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
$node->append_conf('postgresql.conf', 'max_parallel_workers_per_gather = 0');
$node->start;
$node->safe_psql('postgres', q{
  CREATE SCHEMA crm;
  CREATE EXTENSION crm_ext SCHEMA crm;
  ALTER DATABASE postgres SET search_path = crm, public;
  SET search_path = crm, public;
  -- 6,000 distinct rows: a fit that takes its time
  CREATE TABLE many AS
  SELECT repeat_purchases(activity_add(activity_add(activity_add(NULL, '2000-01-01', 1), '2000-01-01'::date + n % 997 + 1, 1), '2000-01-01'::date + n % 1999 + 1, 1), '2000-01-01'::date + 2001 + n % 3001) AS s
  FROM generate_series(1, 6000) AS n;
});

# Starts a statement in a session of its own that says its process first; returns the run and what it prints.
sub begin_session
{
  my ($statement) = @_;
  my ($output, $errors) = ('', '');
  my $run = IPC::Run::start([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-c', 'SELECT pg_backend_pid()', '-c', $statement ], '>', \$output, '2>', \$errors);
  pump $run until $output =~ /^(\d+)\n/;
  return ($run, $1, \$output, \$errors);
}

my $statement = 'SELECT pareto_nbd_fit(s) FROM many';
my $quiet = $node->safe_psql('postgres', "SET search_path = crm, public; $statement");
my ($run, $process, $output, $errors) = begin_session($statement);
# each call interrupts the process once, without an end to anything
$node->safe_psql('postgres', "DO \$\$
  BEGIN
    FOR n IN 1 .. 20 LOOP
      PERFORM pg_log_backend_memory_contexts($process);
      PERFORM pg_sleep(0.01);
    END LOOP;
  END \$\$");
ok($run->finish, 'the session of an interrupted fit ends well');
my (undef, $model) = split /\n/, $$output;
cmp_ok(scalar(() = slurp_file($node->logfile) =~ /logging memory contexts of PID $process\b/g), '>', 0, 'it was interrupted');
is($model, $quiet, 'the same model, to the bit');

($run, $process, $output, $errors) = begin_session($statement);
$node->poll_query_until('postgres', "SELECT query ~ 'pareto_nbd_fit' FROM pg_stat_activity WHERE pid = $process");
$node->safe_psql('postgres', "SELECT pg_cancel_backend($process)");
ok(!$run->finish, 'a fit is cancelled');
like($$errors, qr/canceling statement due to user request/, 'with the usual error');
is($node->safe_psql('postgres', 'SET search_path = crm, public; SELECT model_status(bgnbd_fit(s)) IS NOT NULL FROM many'), 't', 'and another one runs');

$node->stop;
done_testing();
