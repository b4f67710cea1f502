using System.Globalization;
using System.Text.RegularExpressions;

namespace Dftp.Tests.Node.Metrics;

/// <summary>
/// Parses the text format 0.0.4 as strictly as its specification (https://prometheus.io/docs/instrumenting/exposition_formats/):
/// each family is contiguous with HELP and TYPE before its samples, samples are unique, and histograms are consistent.
/// </summary>
internal sealed partial class PrometheusReader
{
    private readonly Dictionary<string, double> _samples = [];
    private readonly Dictionary<string, string> _types = [];

    public PrometheusReader(string text)
    {
        Assert.IsTrue(text.EndsWith('\n'), "the last line must end with a line feed");
        Assert.IsFalse(text.Contains('\r', StringComparison.Ordinal), "lines end with a line feed alone");
        var family = "";
        var helped = new HashSet<string>();
        foreach (var line in text.Split('\n')[..^1])
        {
            if (HelpLine().Match(line) is { Success: true } help)
            {
                Assert.IsTrue(helped.Add(help.Groups[1].Value), $"a second HELP: {line}");
                family = help.Groups[1].Value;
            }
            else if (TypeLine().Match(line) is { Success: true } type)
            {
                Assert.AreEqual(family, type.Groups[1].Value, $"TYPE apart from HELP: {line}");
                Assert.IsTrue(_types.TryAdd(family, type.Groups[2].Value), $"a second TYPE: {line}");
            }
            else
            {
                Take(line, family);
            }
        }

        foreach (var (name, type) in _types.Where(type => type.Value == "histogram")) CheckHistogram(name, type);
    }

    public IReadOnlyDictionary<string, string> Types => _types;

    /// <summary>By name and escaped labels, for example <c>x_total{a="b"}</c>.</summary>
    public IReadOnlyDictionary<string, double> Samples => _samples;

    private void Take(string line, string family)
    {
        var sample = SampleLine().Match(line);
        Assert.IsTrue(sample.Success, $"no line of this form: {line}");
        var name = sample.Groups["name"].Value;
        Assert.IsTrue(_types.TryGetValue(family, out var type), $"a sample without TYPE: {line}");
        var suffix = name.StartsWith(family, StringComparison.Ordinal) ? name[family.Length..] : null;
        Assert.IsTrue(type == "histogram" ? suffix is "_bucket" or "_sum" or "_count" : suffix == "",
            $"a sample apart from its family {family}: {line}");
        if (type == "counter") Assert.IsTrue(name.EndsWith("_total", StringComparison.Ordinal), line);
        var value = sample.Groups["value"].Value switch
        {
            "+Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            var number => double.Parse(number, NumberStyles.Float, CultureInfo.InvariantCulture),
        };
        if (type is "counter" or "histogram") Assert.IsTrue(value >= 0, line);
        Assert.IsTrue(_samples.TryAdd(name + sample.Groups["labels"].Value, value), $"a second time: {line}");
    }

    private void CheckHistogram(string name, string type)
    {
        Assert.AreEqual("histogram", type);
        var buckets = _samples.Where(sample => sample.Key.StartsWith(name + "_bucket{", StringComparison.Ordinal))
            .Select(sample => (Labels: LeLabel().Replace(sample.Key, ""), Le: LeLabel().Match(sample.Key).Groups[1].Value, sample.Value))
            .GroupBy(bucket => bucket.Labels);
        foreach (var series in buckets)
        {
            var ordered = series.Select(bucket => (
                Le: bucket.Le == "+Inf" ? double.PositiveInfinity : double.Parse(bucket.Le, CultureInfo.InvariantCulture),
                    bucket.Value)).ToList();
            CollectionAssert.AreEqual(ordered.OrderBy(bucket => bucket.Le).ToList(), ordered, "buckets out of order");
            CollectionAssert.AreEqual(ordered.OrderBy(bucket => bucket.Value).ToList(), ordered, "buckets that do not grow");
            Assert.AreEqual(double.PositiveInfinity, ordered[^1].Le, "no +Inf");
            var labels = series.Key[(name.Length + "_bucket".Length)..].Replace("{}", "", StringComparison.Ordinal);
            Assert.AreEqual(ordered[^1].Value, _samples[$"{name}_count{labels}"], "+Inf is not the count");
            Assert.IsTrue(_samples.ContainsKey($"{name}_sum{labels}"), "no sum");
        }
    }

    [GeneratedRegex(@"^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) ((?:[^\\]|\\\\|\\n)*)$")]
    private static partial Regex HelpLine();

    [GeneratedRegex(@"^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)$")]
    private static partial Regex TypeLine();

    [GeneratedRegex(
        """^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?<labels>\{[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\\\|\\"|\\n)*"(?:,[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\\\|\\"|\\n)*")*\})? (?<value>[+-]Inf|NaN|[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)$""")]
    private static partial Regex SampleLine();

    [GeneratedRegex(""",?le="([^"]*)" ?""")]
    private static partial Regex LeLabel();
}
