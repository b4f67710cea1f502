using System.Net;
using Dftp.Cluster;

namespace Dftp.Node.Commands.Doctor;

/// <summary>Another node to check.</summary>
/// <param name="Name">Its name; null when only an address is known.</param>
/// <param name="Address">Its management address; null when unknown.</param>
/// <param name="MissingSince">Unix seconds; null when it is not missing.</param>
internal sealed record Suspect(string? Name, HostPort? Address, long? MissingSince)
{
    public string Label => MissingSince is { } since ? $"{Name} (missing since {Measures.Time(since)})" : Name ?? $"{Address}";

    public static Suspect Of(string name, string address, long? missingSince = null) =>
        new(name, HostPort.TryParse(address, out var parsed) && parsed is { Host.Length: > 0, Port: > 0 } ? parsed : null, missingSince);
}

/// <summary>Checks the path between the own node and another one.</summary>
internal sealed class PeerCheck(NodeClient client, TimeProvider time, OwnNode own)
{
    /// <summary>Each step requires the earlier ones.</summary>
    public async Task<Findings> RunAsync(Suspect suspect, CancellationToken cancellationToken)
    {
        var findings = new Findings();
        var label = suspect.Label;

        // 1. it is reachable
        if (suspect.Address is not { } address)
        {
            findings.Problem($"{label}: its address is not known; give it by dftp join HOST:PORT");
            return findings;
        }

        if (await WhyNotAsync(address, "--http-mgmt-listen", cancellationToken) is { } reason)
        {
            findings.Problem($"{label}: its management port: {reason}");
            return findings;
        }

        // 2. it is a node, and not the own one
        if (await AskAsync(label, address, findings, cancellationToken) is not var (reply, clock)) return findings;
        if (!IsAnother(suspect, address, reply, findings)) return findings;
        label = suspect.Name is null ? reply.Me.Name! : label;

        // 3. it is in the same cluster, and its files can be read
        var isMember = ReportCluster(label, reply, findings);
        await ReportPublicAsync(label, address, reply, findings, cancellationToken);
        ReportClock(label, clock, findings);

        // 4. the two know each other
        if (isMember) ReportAcquaintance(label, address, reply, findings);
        return findings;
    }

    private Task<string?> WhyNotAsync(HostPort address, string option, CancellationToken cancellationToken) =>
        PortProbe.WhyNotAsync(address, option, client.Limit, time, cancellationToken);

    private async Task<(ClusterReply Reply, ClockReading? Clock)?> AskAsync(
        string label, HostPort address, Findings findings, CancellationToken cancellationToken)
    {
        try
        {
            var asked = time.GetUtcNow();
            var answer = await client.GetAsync(address, "/cluster/", cancellationToken);
            var answered = time.GetUtcNow();
            if (answer.Status == HttpStatusCode.OK && ClusterReply.Parse(answer.Body) is { } reply)
            {
                findings.Ok($"{label}: a node called {reply.Me.Name} answers at {address}");
                return (reply, ClockReading.Of(reply, answer, asked, answered));
            }

            findings.Problem(answer.Status is HttpStatusCode.Unauthorized or HttpStatusCode.BadRequest
                ? $"{label}: it refuses this command: {answer.Sentence}"
                : $"{label}: what answers at {address} is not the management interface of a node: is that its port of --http-mgmt-listen?");
        }
        catch (NoAnswerException failure)
        {
            findings.Problem(
                $"{label}: {address} takes connections, but {failure.Message}: is that the port of its --http-mgmt-listen?");
        }

        return null;
    }

    private bool IsAnother(Suspect suspect, HostPort address, ClusterReply reply, Findings findings)
    {
        if (own.Reply is not null && reply.Me.Name == own.Name)
        {
            var isItself = reply.Me.Epoch is not null && reply.Me.Epoch == own.Reply.Me.Epoch;
            if (isItself) findings.Ok($"{address}: that is {own.Name} itself");
            else findings.Problem($"{suspect.Label}: it is called {own.Name} too: start one of the two with another --node-name");
            return false;
        }

        if (suspect.Name is null || suspect.Name == reply.Me.Name) return true;
        findings.Problem(
            $"{suspect.Label}: at {address} is {reply.Me.Name} now: "
            + $"if it was renamed, dftp forget {suspect.Name}; if it moved, dftp join its HOST:PORT");
        return false;
    }

    private bool ReportCluster(string label, ClusterReply reply, Findings findings)
    {
        if (own.Status?.Cluster is not { } cluster || string.IsNullOrEmpty(reply.Name)) return true;
        if (reply.Name == cluster)
        {
            findings.Ok($"{label}: it is in the same cluster, {cluster}");
            return true;
        }

        findings.Problem($"{label}: its cluster is {reply.Name}, that of {own.Name} is {cluster}: start both with the same --cluster-name");
        return false;
    }

    private async Task ReportPublicAsync(
        string label, HostPort address, ClusterReply reply, Findings findings, CancellationToken cancellationToken)
    {
        var files = reply.PublicAddress(address);
        if (files.IsLoopback && !IsOnThisMachine(address))
        {
            findings.Problem(
                $"{label}: its files can be read on its own machine only: "
                + $"it was started with --http-listen {files}; give it :{files.Port}");
        }
        else if (await WhyNotAsync(files, "--http-listen", cancellationToken) is { } reason)
        {
            findings.Problem($"{label}: its public port: {reason}");
        }
        else
        {
            findings.Ok($"{label}: its public port {files} can be reached");
        }
    }

    private static void ReportClock(string label, ClockReading? clock, Findings findings)
    {
        if (clock is not { } reading) return;
        if (reading.Agrees)
        {
            findings.Ok($"{label}: its clock agrees with that of this machine");
            return;
        }

        var difference = Measures.Duration((long)reading.Difference.Duration().TotalSeconds);
        findings.Problem(
            $"{label}: its clock is {difference} {(reading.Difference > TimeSpan.Zero ? "ahead of" : "behind")} that of this machine: "
            + "where two nodes have a path, the older file may win; set both clocks by NTP");
    }

    private void ReportAcquaintance(string label, HostPort address, ClusterReply reply, Findings findings)
    {
        if (own is not { Reply: { } me, Status: { } status }) return;
        if (HostPort.TryParse(me.Me.MgmtAddr, out var listens) && listens.IsLoopback && !IsOnThisMachine(address))
        {
            findings.Problem(
                $"{label}: it cannot reach {own.Name}, which listens at {listens} only: "
                + $"start {own.Name} with --http-mgmt-listen :{listens.Port}");
        }

        var name = reply.Me.Name!;
        var join = $"dftp join {address}{(own.Address.ToString() == CommandRequest.DefaultNode ? "" : $" --node {own.Address}")}";
        var isKnownThere = reply.Peers?.ContainsKey(own.Name) == true;
        var known = status.Nodes.FirstOrDefault(node => node.Name == name);

        if (isKnownThere) findings.Ok($"{label}: it knows {own.Name}");
        else if (known is not null)
            findings.Problem($"{label}: it does not know {own.Name}; can it reach its management port? {join} connects them");

        if (known is { State: "suspect" })
            findings.Problem($"{label}: {own.Name} has had no answer from it recently: check the network between the two");
        else if (known is not null)
            findings.Ok($"{label}: {own.Name} knows it, last seen {Measures.Ago(known.LastAlive, time.GetUtcNow())}");
        else if (status.Missing.Any(node => node.Name == name && node.Path is null))
            findings.Problem($"{label}: {own.Name} misses it although it answers from here: {join}");
        else if (isKnownThere)
            findings.Problem($"{label}: {own.Name} does not know it: {join}");
        else
            findings.Problem($"{label}: it and {own.Name} do not know each other: {join}");
    }

    private static bool IsOnThisMachine(HostPort address) =>
        address.IsLoopback || address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase);
}
