#!/usr/bin/perl
# Mutated DMN models. Each is refused with a documented error, or it is a decision table that is the same after the way to a model and back.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Mutation;
use PostgreSQL::Test::Utils;
use Test::More;

# what a model may be refused with besides: beyond S-FEEL, and not XML
$Mutation::documented{$_} = 1 for qw(0A000 2200M 2200N);

my @cells = ('', '-', ' - ', '5', '-5', '- 5', '.5', '007', '1e3', '1e999', '"a"', '"a","b"', '"\u00e9"', '"\ud800"', '"\uFFFE"', '"\u0001"', '"\x"', '"open', 'true', 'false', 'null', 'null, 5',
  '&lt; 5', '&lt;=5', '&gt; 5', '&gt;= "a"', '= 5', '!= 5', '!= null', '!= true', '[1..10]', '(1..10)', ']1..10[', '[10..1]', '[1..', '[1,2]', 'not(5)', 'not("a", null)', 'not(', 'not(not(5))', 'not(-)', 'date("2024-02-29")',
  'date("2024-02-30")', 'date(2024, 2, 29)', 'date and time("2024-02-29T10:00:00Z")', '@"2024-02-29"', '@"P1D"', 'time("10:00:00")', 'x', 'a.b', 'f(x)', '5 + 1', '? &gt; 5', '(5)', '{a: 1}', "\xe4\xb8\xad\xe6\x96\x87", 'Client.tier', 'assets', ' a  b ', '&#1;', '<![CDATA[< 5]]>');
my @names = ('', 'number', 'string', 'boolean', 'date', 'dateTime', 'time', 'Any', 'tTier', 'tClient', 'tRate', 'feel:number', 'x', 'package', 'Fee', 'true', 'UNIQUE', 'FIRST', 'PRIORITY', 'ANY', 'COLLECT', 'RULE ORDER', 'OUTPUT ORDER', 'SUM',
  'MIN', 'MAX', 'COUNT', 'https://www.omg.org/spec/DMN/20191111/MODEL/', 'y' x 100, "\xc3\xa9", '&quot;', '&#10;', ' a  b ');
my @elements = qw(definitions decision businessKnowledgeModel encapsulatedLogic decisionTable input inputExpression inputValues output outputValues defaultOutputEntry rule inputEntry outputEntry
  annotationEntry text typeRef itemDefinition itemComponent allowedValues variable literalExpression context description extensionElements);
my @attributes = qw(name id typeRef hitPolicy aggregation label expressionLanguage isCollection xmlns);

my $node = Mutation::start('dmn');
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION fuzz.check_dmn(model text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  made crm.decision_table := crm.decision_table_from_dmn(model::xml);
  back crm.decision_table := crm.decision_table_from_dmn(crm.decision_table_to_dmn(made));
BEGIN
  IF crm.decision_table_to_dmn(made)::text <> crm.decision_table_to_dmn(back)::text THEN
    PERFORM fuzz.broken('another model after the way back', made::text, back::text);
  END IF;
  IF crm.decide(made, '{}'::jsonb) IS DISTINCT FROM crm.decide(back, '{}'::jsonb) THEN
    PERFORM fuzz.broken('another decision after the way back', made::text, back::text);
  END IF;
END
$$;
SQL

my @originals = map { slurp_file($_) } sort glob("$FindBin::RealBin/corpus/*.dmn");
ok(@originals > 0, @originals . ' models to mutate');
Mutation::run_cases('models as they are', map { sql($_) } @originals);
Mutation::run_cases('mutated models', map { sql(mutate(Mutation::pick(@originals))) } 1 .. Mutation::cases());
$node->stop;
done_testing();

sub sql
{
  my ($model) = @_;
  $model =~ s/\$fz\$|\0/ /g;
  return "SELECT fuzz.check_dmn(\$fz\$$model\$fz\$)";
}

# One to three changes to the tags, the values or the texts of a model, or to its bytes.
sub mutate
{
  my ($model) = @_;
  return Mutation::mutate_bytes($model) if rand() < 0.1;
  my @tokens = $model =~ /(<[^>]*>|[^<]+)/gs;
  for (1 .. Mutation::pick(1, 1, 2, 3))
  {
    my $how = int rand 10;
    my @texts = grep { $tokens[ $_ - 1 ] =~ /<(?:\w+:)?(?:text|typeRef)\b/ } 1 .. $#tokens;
    my @valued = grep { $tokens[$_] =~ /="/ } 0 .. $#tokens;
    my $at = int rand @tokens;
    if ($how <= 3 && @texts) { $tokens[ Mutation::pick(@texts) ] = Mutation::pick(@cells) }
    elsif ($how <= 5 && @valued)
    {
      my @values = $tokens[ $at = Mutation::pick(@valued) ] =~ /="[^"]*"/g;
      my ($old, $new) = (Mutation::pick(@values), Mutation::pick(@names));
      $tokens[$at] =~ s/\Q$old\E/="$new"/;
    }
    elsif ($how == 6) { $tokens[$at] =~ s/^(<\/?(?:\w+:)?)\w+/$1 . Mutation::pick(@elements)/e }
    elsif ($how == 7) { $tokens[$at] =~ s/^(<\w[^>]*?)(\/?>)$/"$1 " . Mutation::pick(@attributes) . '="' . Mutation::pick(@names) . "\"$2"/e }
    elsif ($how == 8) { splice @tokens, $at, 1 + int rand 4 }
    else
    {
      # a whole element again, somewhere else
      my ($element) = grep { defined } (join '', @tokens) =~ /(<((?:\w+:)?(?:rule|input|output|itemDefinition|decision|inputEntry|outputEntry))\b(?:[^>]*[^\/])?>.{0,3000}?<\/\2>)/gs;
      splice @tokens, $at, 0, $element if defined $element;
    }
    push @tokens, ' ' unless @tokens;
  }
  return join '', @tokens;
}
