using Dftp.Cluster;

namespace Dftp.Node.Commands.Doctor;

/// <summary>The node from whose view the doctor checks.</summary>
/// <param name="Address">Its management address, as the user gave it.</param>
/// <param name="Reply">Its answer; null when it does not answer.</param>
/// <param name="Status">Its status report; null when it has none.</param>
internal sealed record OwnNode(HostPort Address, ClusterReply? Reply, StatusReport? Status)
{
    public string Name => Reply?.Me.Name ?? "the node";
}

/// <summary>Checks whether the queried node is healthy: up, scanned, and heard by discovery.</summary>
internal static class OwnNodeCheck
{
    /// <summary>The beginnings of reasons for which there is a remedy; the user chose the others.</summary>
    private static readonly (string Reason, string Remedy)[] Remedies =
    [
        ("unreadable", "let the user that runs the node read it"),
        ("name(s)", "rename it, and it is served"),
        ("path(s)", "shorten it, and it is served"),
    ];

    /// <summary>Peers and joining nodes try again within seconds; what was refused before this may be repaired.</summary>
    private static readonly TimeSpan Lately = TimeSpan.FromMinutes(5);

    public static async Task<OwnNode> RunAsync(CommandContext context, Findings findings, CancellationToken cancellationToken)
    {
        var node = new RunningNode(context);
        var own = new OwnNode(context.Request.Node, null, null);
        try
        {
            own = own with { Reply = await node.ClusterAsync(cancellationToken) };
            own = own with { Status = (await node.StatusAsync(cancellationToken)).Report };
        }
        catch (CommandException failure)
        {
            findings.Problem(failure.Message);
        }

        if (own.Status is not { } status) return own;
        var up = Measures.Duration(status.UptimeSeconds);
        findings.Ok($"{status.Node} is up at {own.Address}, for {up}: cluster {status.Cluster}, version {status.Version}");
        ReportScan(status.Scan, context.Time.GetUtcNow(), findings);
        ReportDiscovery(status, findings);
        if (status.Access is { } access) ReportAccess(access, context.Time.GetUtcNow(), findings);
        return own;
    }

    public static void ReportScan(ScanStatus scan, DateTimeOffset now, Findings findings)
    {
        var because = StatusCommand.Because(scan);
        var trouble = scan.State switch
        {
            "following" => null,
            "scanning" => "its first scan has not finished: other nodes do not see all of its files yet; wait until it has finished",
            "rootLost" => $"its directory cannot be read{because}, and none of its files is served: "
                + "mount it, or let the user that runs the node read it",
            _ => $"it does not follow its directory{because}: see its log",
        };
        if (trouble is not null)
        {
            findings.Problem(trouble);
            return;
        }

        findings.Ok($"its scan of {Measures.Count(scan.Files, "file", "files")} finished {Measures.Ago(scan.Finished, now)}");
        foreach (var skipped in scan.Skipped)
        {
            var leftOut = $"left out of the scan: {StatusCommand.LeftOut(skipped)}";
            if (Array.Find(Remedies, known => skipped.Reason.StartsWith(known.Reason, StringComparison.Ordinal)).Remedy is not { } remedy)
                findings.Ok(leftOut);
            else findings.Problem($"{leftOut}: {remedy}");
        }
    }

    public static void ReportAccess(AccessReport access, DateTimeOffset now, Findings findings)
    {
        findings.Ok($"its secret: {StatusCommand.Secret(access)}");
        foreach (var refusal in access.Refusals)
        {
            var text = $"refused {StatusCommand.Refused(refusal, now)}";
            if (now.ToUnixTimeSeconds() - refusal.Last < Lately.TotalSeconds) findings.Problem(text);
            else findings.Ok(text);
        }
    }

    public static void ReportDiscovery(StatusReport status, Findings findings)
    {
        var isAlone = !status.Peers.Any();
        if (status.Discovery is not { } discovery)
        {
            const string off = "discovery is switched off (an empty --multicast-discovery-addr)";
            if (isAlone) findings.Problem($"{off} and no node is known: dftp join HOST:PORT");
            else findings.Ok($"{off}: add nodes by --join or dftp join");
            return;
        }

        if (discovery.Failure is { Length: > 0 } failure)
            findings.Problem($"discovery fails: {failure}; until that is repaired, use dftp join HOST:PORT");
        else if (discovery.Sent == 0)
        {
            findings.Problem("discovery has not sent anything yet: no network interface accepted the announcement");
        }
        else findings.Ok($"discovery sends: {StatusCommand.Announcements(discovery.Sent)}");
        ReportHeard(discovery, isAlone, findings);
        ReportStrangers(status.Cluster, discovery, isAlone, findings);
        if (discovery.Namesakes > 0)
            findings.Problem($"another node is called {status.Node} too: start one of the two with another --node-name");
    }

    private static void ReportHeard(DiscoveryReport discovery, bool isAlone, Findings findings)
    {
        if (discovery.Heard > 0)
        {
            findings.Ok($"discovery hears: {StatusCommand.Announcements(discovery.Heard)} of other nodes of this cluster");
        }
        else if (isAlone)
        {
            findings.Problem(
                "discovery has heard no other node of this cluster: is one started, in the same network, with the same multicast address? "
                + "Firewalls, some switches and many wireless networks stop multicast: then use dftp join HOST:PORT");
        }
        else
        {
            findings.Ok("discovery has heard no other node of this cluster; the known nodes were found in other ways");
        }
    }

    private static void ReportStrangers(string cluster, DiscoveryReport discovery, bool isAlone, Findings findings)
    {
        if (discovery.OtherClusters == 0) return;
        var heard = $"nodes of another cluster are heard, {discovery.LastOtherCluster} last; this one is {cluster}";
        if (isAlone) findings.Problem($"{heard}: if they belong together, start them with the same --cluster-name");
        else findings.Ok(heard);
    }
}
