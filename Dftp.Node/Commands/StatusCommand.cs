using System.Globalization;
using System.Text.Json;

namespace Dftp.Node.Commands;

/// <summary><c>dftp status</c>: a node's report of itself on a few lines.</summary>
internal static class StatusCommand
{
    public static async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var (answer, report) = await new RunningNode(context).StatusAsync(cancellationToken);
        if (context.Request.Json)
        {
            using var document = JsonDocument.Parse(answer.Body);
            await RunningNode.WriteJsonAsync(context.Output, document.WriteTo);
            return ExitCode.Done;
        }

        foreach (var (subject, text) in Lines(report, context.Time.GetUtcNow()))
            await context.Output.WriteAsync($"{subject,-11}{OneLine.Escape(text)}\n");
        return ExitCode.Done;
    }

    private static IEnumerable<(string Subject, string Text)> Lines(StatusReport report, DateTimeOffset now)
    {
        var up = Measures.Duration(report.UptimeSeconds);
        yield return ("node", $"{report.Node} in cluster {report.Cluster}, version {report.Version}, up {up}");
        yield return ("tree", Tree(report));
        yield return ("nodes", Nodes(report));
        foreach (var missing in report.Missing)
        {
            var where = missing.LastAddress.Length > 0 ? $", last at {missing.LastAddress}" : "";
            yield return ("missing", $"{missing.Name} since {Measures.Time(missing.Since)}{where}");
        }

        yield return ("scan", Scan(report.Scan, now));
        foreach (var skipped in report.Scan.Skipped) yield return ("left out", LeftOut(skipped));
        yield return ("discovery", Discovery(report.Discovery));
    }

    private static string Tree(StatusReport report)
    {
        var files = Measures.Count(report.Files, "file", "files");
        var directories = Measures.Count(report.Directories, "directory", "directories");
        var hidden = Measures.Count(report.HiddenFiles, "older copy", "older copies");
        return $"{files} in {directories}, {Measures.Bytes(report.Bytes)}{(report.HiddenFiles > 0 ? $"; {hidden} behind newer ones" : "")}";
    }

    private static string Nodes(StatusReport report)
    {
        var suspects = report.Nodes.Where(node => node.State == "suspect").Select(node => node.Name).ToList();
        var doubt = suspects.Count > 0 ? $"; no answer of late from {string.Join(", ", suspects)}" : "";
        var missing = report.Missing.Count > 0 ? $", {Measures.Number(report.Missing.Count)} missing" : "";
        return $"{Measures.Number(report.Nodes.Count)} there{missing}{doubt}";
    }

    private static string Scan(ScanStatus scan, DateTimeOffset now) => scan.IsScanning
        ? "the first one is under way: the node's files are not all in the tree yet"
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{Measures.Count(scan.Files, "file", "files")} read in {scan.DurationSeconds:0.0} s, {Measures.Ago(scan.Finished, now)}");

    public static string LeftOut(SkippedStatus skipped)
    {
        var examples = skipped.Examples.Count > 0 ? $", such as {string.Join(", ", skipped.Examples)}" : "";
        return $"{Measures.Number(skipped.Count)} {skipped.Reason}{examples}";
    }

    public static string Announcements(long number) => Measures.Count(number, "announcement", "announcements");

    private static string Discovery(DiscoveryReport? discovery) => discovery switch
    {
        null => "switched off",
        { Failure.Length: > 0 } => $"fails: {discovery.Failure}",
        _ => $"{Announcements(discovery.Sent)} sent, {Measures.Number(discovery.Heard)} of this cluster heard",
    };
}
