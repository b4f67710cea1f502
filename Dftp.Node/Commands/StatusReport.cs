using System.Text.Json;

namespace Dftp.Node.Commands;

/// <summary>The answer to <c>GET /status/</c>. Times are unix seconds, 0 for never; sizes are bytes.</summary>
internal sealed record StatusReport
{
    public required string Node { get; init; }

    public string Cluster { get; set; } = "";

    public string Version { get; set; } = "";

    public long UptimeSeconds { get; set; }

    /// <summary>Of the merged tree, as the next three.</summary>
    public long Files { get; set; }

    public long Directories { get; set; }

    public long Bytes { get; set; }

    /// <summary>Copies that are not visible, because another node has a directory at their path.</summary>
    public long HiddenFiles { get; set; }

    /// <summary>This node and its present peers.</summary>
    public IReadOnlyList<NodeStatus> Nodes { get; set; } = [];

    public IReadOnlyList<MissingStatus> Missing { get; set; } = [];

    public ScanStatus Scan { get; set; } = new();

    /// <summary>Null when the node does not report how it watches its directory.</summary>
    public WatchReport? Watch { get; set; }

    /// <summary>Null when it is switched off.</summary>
    public DiscoveryReport? Discovery { get; set; }

    /// <summary>Null from an earlier version.</summary>
    public AccessReport? Access { get; set; }

    /// <summary>All but the node itself.</summary>
    public IEnumerable<NodeStatus> Peers => Nodes.Where(node => !node.IsSelf);

    /// <returns>Null when the body is not such a report.</returns>
    public static StatusReport? Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            var report = JsonSerializer.Deserialize(json.Span, AnswerJson.Default.StatusReport);
            return report is not null && report.Nodes.All(IsThere) && report.Missing.All(IsThere) && report.Scan.Skipped.All(IsThere)
                && report.Scan.Unreadable.All(IsThere)
                && report.Watch?.Polled.All(IsThere) != false
                && report.Access?.Keys.All(IsThere) != false && report.Access?.Refusals.All(IsThere) != false ? report : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // The JSON reader accepts null as an element of any list.
    private static bool IsThere(object? element) => element is not null;
}

internal sealed record NodeStatus
{
    public required string Name { get; init; }

    /// <summary><c>self</c>, <c>alive</c>, <c>suspect</c> or <c>joining</c>.</summary>
    public string State { get; set; } = "";

    public string PublicAddress { get; set; } = "";

    public string ManagementAddress { get; set; } = "";

    public long Files { get; set; }

    public long Bytes { get; set; }

    public long LastAlive { get; set; }

    /// <summary>The number of its changes that have not arrived here; null when unknown.</summary>
    public long? Lag { get; set; }

    /// <summary>Whether it is a legacy node.</summary>
    public bool Original { get; set; }

    public bool IsSelf => State == "self";
}

internal sealed record MissingStatus
{
    public required string Name { get; init; }

    public long Since { get; set; }

    /// <summary>Whether its last known files are shown, unconfirmed.</summary>
    public bool Unconfirmed { get; set; }

    /// <summary><c>dead</c>, <c>left</c>, <c>joining</c> or <c>unconfirmed</c>; <c>away</c> or empty from an earlier version.</summary>
    public string State { get; set; } = "";

    public bool IsJoining => State == "joining";

    /// <summary>The state in this version's words.</summary>
    public string StateNow => State is "" or "away" ? Unconfirmed ? "unconfirmed" : "dead" : State;

    /// <summary>Null for a whole node; otherwise the place that its disk cannot read.</summary>
    public string? Path { get; set; }

    /// <summary>Its management address; empty when unknown.</summary>
    public string LastAddress { get; set; } = "";
}

internal sealed record ScanStatus
{
    /// <summary><c>scanning</c> for the first time, <c>following</c> the disk, <c>rootLost</c>, <c>failed</c> or <c>stopped</c>.</summary>
    public string State { get; set; } = "";

    /// <summary>Null when all is well.</summary>
    public string? Failure { get; set; }

    public long Finished { get; set; }

    public double DurationSeconds { get; set; }

    public long Files { get; set; }

    public IReadOnlyList<SkippedStatus> Skipped { get; set; } = [];

    public IReadOnlyList<UnreadableReport> Unreadable { get; set; } = [];
}

/// <summary>A place that the node cannot read; its last known entries are shown.</summary>
internal sealed record UnreadableReport
{
    public string Path { get; set; } = "";

    public long Since { get; set; }

    public string Reason { get; set; } = "";
}

/// <summary>What the scan left out, for one reason.</summary>
internal sealed record SkippedStatus
{
    public string Reason { get; set; } = "";

    public long Count { get; set; }

    public IReadOnlyList<string> Examples { get; set; } = [];
}

/// <summary>How the node watches its directory.</summary>
internal sealed record WatchReport
{
    /// <summary>The number of watched directories.</summary>
    public long Directories { get; set; }

    public long Events { get; set; }

    public long Overflows { get; set; }

    public IReadOnlyList<PolledStatus> Polled { get; set; } = [];
}

/// <summary>Places that cannot be watched, for one reason, and are polled instead.</summary>
internal sealed record PolledStatus
{
    public string Reason { get; set; } = "";

    public long Count { get; set; }

    public string Example { get; set; } = "";
}

internal sealed record DiscoveryReport
{
    public long Sent { get; set; }

    public long Heard { get; set; }

    public long OtherClusters { get; set; }

    public string? LastOtherCluster { get; set; }

    public long Namesakes { get; set; }

    /// <summary>Null when all is well.</summary>
    public string? Failure { get; set; }
}

/// <summary>Who may join the node's cluster, and whom it refused.</summary>
internal sealed record AccessReport
{
    /// <summary>Whether the nodes share a secret.</summary>
    public bool Secret { get; set; }

    /// <summary>The names of the secret's keys; the first one signs.</summary>
    public IReadOnlyList<string> Keys { get; set; } = [];

    /// <summary>There is no secret, and other machines reach the management interface.</summary>
    public bool AnyoneCanJoin { get; set; }

    public IReadOnlyList<RefusalReport> Refusals { get; set; } = [];
}

/// <summary>The refusals of one cause.</summary>
internal sealed record RefusalReport
{
    public string Cause { get; set; } = "";

    public long Count { get; set; }

    public long Last { get; set; }

    /// <summary>Where the last one came from.</summary>
    public string Address { get; set; } = "";

    /// <summary>What its sender was told.</summary>
    public string Reason { get; set; } = "";
}
