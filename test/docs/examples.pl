#!/usr/bin/perl
# Runs the examples of README.md and doc/*.md and compares what they print.
#
# A block that begins with ```sql is run. If the next block, with nothing but empty lines between, begins with ```text, it is
# what psql prints for it (aligned, without command tags; errors as psql prints them). Without such a block the example must run
# without an error. A block that begins with ```sql norun is not run; it counts as skipped.
#
# A page is one psql session in a database of its own, from top to bottom. crm_ext is installed there in schema crm, with
# search_path "public, crm", unless the page installs it. Empty lines and blanks at the end of a line do not count, and "(3 rows)"
# may be left out.
#
#   examples.pl [PAGE ...]
use strict;
use warnings;

use File::Basename qw(dirname);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $root = dirname(__FILE__) . '/../..';
my @pages = @ARGV ? @ARGV : grep { -e } ("$root/README.md", sort glob("$root/doc/*.md"));
my $node = PostgreSQL::Test::Cluster->new('docs');
$node->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
$node->start;

check_page($pages[$_], "page_$_") for 0 .. $#pages;
$node->stop;
done_testing();

sub check_page
{
  my ($file, $database) = @_;
  my @examples = examples($file);
  (my $page = $file) =~ s{^\Q$root\E/}{};
  my $installs = grep { $_->{sql} =~ /CREATE EXTENSION crm_ext/ } @examples;

  $node->safe_psql('postgres', "CREATE DATABASE $database");
  $node->safe_psql($database, 'CREATE SCHEMA crm; CREATE EXTENSION crm_ext SCHEMA crm') unless $installs;
  $node->safe_psql('postgres', "ALTER DATABASE $database SET search_path = public, crm");

  # A mark on standard output and an error on standard error keep their order: both go to one file, unbuffered by line.
  my $script = $node->basedir . "/$database.sql";
  my $printed = $node->basedir . "/$database.out";
  open my $out, '>', $script or die "$script: $!";
  for my $n (0 .. $#examples)
  {
    print $out "\\echo @@ $n\n$examples[$n]{sql}\n" unless $examples[$n]{norun};
  }
  print $out "\\echo @@ end\n";
  close $out or die "$script: $!";
  my $connection = $node->connstr($database);
  system("psql -X -q -P pager=off -d \"$connection\" <\"$script\" >\"$printed\" 2>&1");

  my %got;
  my $current = '';
  for my $line (split /\n/, slurp_file($printed))
  {
    if ($line =~ /^@@ (\d+|end)$/) { $current = $1; $got{$current} = '' }
    else { $got{$current} .= "$line\n" }
  }
  for my $n (0 .. $#examples)
  {
    my $example = $examples[$n];
    my $name = "$page line $example->{line}";
  SKIP:
    {
      skip "$name is not to be run", 1 if $example->{norun};
      my $got = $got{$n};
      if (!defined $got)
      {
        fail("$name: psql did not come here");
      }
      elsif (defined $example->{text})
      {
        my ($have, $want) = map { tidy($_) } $got, $example->{text};
        $have =~ s/^\(\d+ rows?\)\n//mg unless $want =~ /^\(\d+ rows?\)$/m;
        is($have, $want, $name);
      }
      else
      {
        unlike($got, qr/(^|: )(ERROR|FATAL|PANIC):/m, "$name: runs");
      }
    }
  }
  ok(exists $got{end}, "$page: psql came to the end");
  return;
}

# The examples of a page, in order: sql, line, norun, text.
sub examples
{
  my ($file) = @_;
  my (@examples, $block, $just_ended);
  my $number = 0;
  for my $line (split /\n/, slurp_file($file))
  {
    $number++;
    if ($block)
    {
      if ($line =~ /^\s*```\s*$/)
      {
        if ($block->{kind} eq 'sql') { push @examples, $block; $just_ended = $block }
        elsif ($block->{kind} eq 'text' && $just_ended && !$just_ended->{norun}) { $just_ended->{text} = $block->{sql}; undef $just_ended }
        undef $block;
      }
      else
      {
        $line =~ s/^ {0,$block->{indent}}//;
        $block->{sql} .= "$line\n";
      }
    }
    elsif ($line =~ /^(\s*)```\s*(\S*)\s*(.*?)\s*$/)
    {
      $block = { kind => $2, norun => $3 eq 'norun', line => $number, sql => '', indent => length $1 };
    }
    elsif ($line =~ /\S/)
    {
      undef $just_ended;
    }
  }
  return @examples;
}

sub tidy
{
  my ($text) = @_;
  $text =~ s/^psql:[^:]*:\d+: //mg;
  $text =~ s/[ \t]+$//mg;
  $text =~ s/\n{2,}/\n/g;
  $text =~ s/^\n//;
  return $text;
}
