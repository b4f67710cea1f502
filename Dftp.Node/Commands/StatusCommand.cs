using System.Globalization;
using System.Text.Json;

namespace Dftp.Node.Commands;

/// <summary><c>dftp status</c>: prints a node's status report on a few lines.</summary>
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

    private const int MaxUnreadable = 10;

    private static IEnumerable<(string Subject, string Text)> Lines(StatusReport report, DateTimeOffset now)
    {
        var up = Measures.Duration(report.UptimeSeconds);
        yield return ("node", $"{report.Node} in cluster {report.Cluster}, version {report.Version}, up {up}");
        yield return ("tree", Tree(report));
        yield return ("nodes", Nodes(report));
        foreach (var missing in report.Missing)
        {
            var where = missing.LastAddress.Length > 0 ? $", last at {missing.LastAddress}" : "";
            if (missing.IsJoining) yield return ("joining", $"{missing.Name}{where}");
            else if (missing.Path is { } path)
            {
                yield return ("unconfirmed", $"{missing.Name} at {path}, which it cannot read since {Measures.Time(missing.Since)}");
            }
            else yield return missing.Unconfirmed
                ? ("unconfirmed", $"{missing.Name} as of {Measures.Time(missing.Since)}{where}")
                : (missing.StateNow, $"{missing.Name} since {Measures.Time(missing.Since)}{where}");
        }

        yield return ("scan", Scan(report.Scan, now));
        foreach (var place in report.Scan.Unreadable.Take(MaxUnreadable)) yield return ("unreadable", $"{place.Path}: {place.Reason}");
        foreach (var skipped in report.Scan.Skipped) yield return ("left out", LeftOut(skipped));
        if (report.Watch is { } watch)
        {
            yield return ("watch", Watch(watch));
            foreach (var polled in watch.Polled) yield return ("polled", Polled(polled));
        }

        yield return ("discovery", Discovery(report.Discovery));
        if (report.Access is not { } access) yield break;
        yield return ("secret", Secret(access));
        foreach (var refusal in access.Refusals) yield return ("refused", Refused(refusal, now));
    }

    private static string Tree(StatusReport report)
    {
        var files = Measures.Count(report.Files, "file", "files");
        var directories = Measures.Count(report.Directories, "directory", "directories");
        var hidden = Measures.Count(report.HiddenFiles, "copy", "copies");
        var behind = report.HiddenFiles > 0 ? $"; {hidden} behind directories of the same name" : "";
        return $"{files} in {directories}, {Measures.Bytes(report.Bytes)}{behind}";
    }

    private static string Nodes(StatusReport report)
    {
        var suspects = report.Nodes.Where(node => node.State == "suspect").Select(node => node.Name).ToList();
        var doubt = suspects.Count > 0 ? $"; no answer of late from {string.Join(", ", suspects)}" : "";
        var dead = Count(report.Missing.Count(node => node.StateNow == "dead"), "dead");
        var left = Count(report.Missing.Count(node => node.StateNow == "left"), "left");
        var joining = Count(report.Missing.Count(node => node.IsJoining), "joining");
        var unconfirmed = Count(report.Missing.Count(node => node.Unconfirmed && node.Path is null), "not confirmed yet");
        var unreadable = Count(
            report.Missing.Where(node => node.Path is not null).DistinctBy(node => node.Name).Count(), "with unreadable places");
        var present = report.Nodes.Count(node => node.State != "joining");
        return $"{Measures.Number(present)} there{dead}{left}{joining}{unconfirmed}{unreadable}{doubt}";

        static string Count(int count, string what) => count > 0 ? $", {Measures.Number(count)} {what}" : "";
    }

    private static string Scan(ScanStatus scan, DateTimeOffset now)
    {
        var last = scan.Finished == 0 ? "none has finished" : string.Create(
            CultureInfo.InvariantCulture,
            $"{Measures.Count(scan.Files, "file", "files")} read in {scan.DurationSeconds:0.0} s, {Measures.Ago(scan.Finished, now)}");
        return scan.State switch
        {
            "following" => last,
            "scanning" => "the first one is under way: the node's files are not all in the tree yet",
            "rootLost" => $"the directory cannot be read{Because(scan)}; the last scan: {last}",
            _ => $"{scan.State}{Because(scan)}; the last scan: {last}",
        };
    }

    /// <summary>The scan's failure in brackets; empty when none is given.</summary>
    public static string Because(ScanStatus scan) => string.IsNullOrEmpty(scan.Failure) ? "" : $" ({scan.Failure})";

    private static string Watch(WatchReport watch)
    {
        var overflows = watch.Overflows > 0 ? $", {Measures.Count(watch.Overflows, "overflow", "overflows")}" : "";
        var directories = Measures.Count(watch.Directories, "directory", "directories");
        return $"{directories}, {Measures.Count(watch.Events, "event", "events")}{overflows}";
    }

    private static string Polled(PolledStatus polled) =>
        $"{Measures.Number(polled.Count)} {polled.Reason}{(polled.Example.Length > 0 ? $", such as {polled.Example}" : "")}";

    public static string LeftOut(SkippedStatus skipped)
    {
        var examples = skipped.Examples.Count > 0 ? $", such as {string.Join(", ", skipped.Examples)}" : "";
        return $"{Measures.Number(skipped.Count)} {skipped.Reason}{examples}";
    }

    public static string Secret(AccessReport access) => access switch
    {
        { AnyoneCanJoin: true } => "none: any machine of the network can join this cluster and show files at any path",
        { Keys: [var signing, ..] } => $"key {signing} signs, {Measures.Count(access.Keys.Count, "key verifies", "keys verify")}",
        _ => "none; only this machine reaches the management interface",
    };

    public static string Refused(RefusalReport refusal, DateTimeOffset now)
    {
        var count = Measures.Count(refusal.Count, "message", "messages");
        return $"{count}, the last from {refusal.Address} {Measures.Ago(refusal.Last, now)}: {refusal.Reason}";
    }

    public static string Announcements(long number) => Measures.Count(number, "announcement", "announcements");

    private static string Discovery(DiscoveryReport? discovery) => discovery switch
    {
        null => "switched off",
        { Failure.Length: > 0 } => $"fails: {discovery.Failure}",
        _ => $"{Announcements(discovery.Sent)} sent, {Measures.Number(discovery.Heard)} of this cluster heard",
    };
}
