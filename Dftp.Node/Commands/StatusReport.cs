using System.Text.Json;

namespace Dftp.Node.Commands;

/// <summary>The answer to <c>GET /status/</c>. Times are unix seconds, 0 for never; sizes are bytes.</summary>
internal sealed record StatusReport
{
    public required string Node { get; init; }

    public string Cluster { get; set; } = "";

    public string Version { get; set; } = "";

    public long UptimeSeconds { get; set; }

    /// <summary>Of the merged tree, as are the three that follow.</summary>
    public long Files { get; set; }

    public long Directories { get; set; }

    public long Bytes { get; set; }

    /// <summary>Copies that no path shows because another node has a directory there.</summary>
    public long HiddenFiles { get; set; }

    /// <summary>This node and its present peers.</summary>
    public IReadOnlyList<NodeStatus> Nodes { get; set; } = [];

    public IReadOnlyList<MissingStatus> Missing { get; set; } = [];

    public ScanStatus Scan { get; set; } = new();

    /// <summary>Null where the node does not say how it follows its directory.</summary>
    public WatchReport? Watch { get; set; }

    /// <summary>Null where it is switched off.</summary>
    public DiscoveryReport? Discovery { get; set; }

    /// <summary>All but the node itself.</summary>
    public IEnumerable<NodeStatus> Peers => Nodes.Where(node => !node.IsSelf);

    /// <returns>Null when the body is no such report.</returns>
    public static StatusReport? Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            var report = JsonSerializer.Deserialize(json.Span, AnswerJson.Default.StatusReport);
            return report is not null && report.Nodes.All(IsThere) && report.Missing.All(IsThere) && report.Scan.Skipped.All(IsThere)
                && report.Scan.Unreadable.All(IsThere)
                && report.Watch?.Polled.All(IsThere) != false ? report : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // The reader lets a null be an element of any list.
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

    /// <summary>Changes that it has made and that are not known here; null where it does not tell.</summary>
    public long? Lag { get; set; }

    /// <summary>A node of the original program.</summary>
    public bool Original { get; set; }

    public bool IsSelf => State == "self";
}

internal sealed record MissingStatus
{
    public required string Name { get; init; }

    public long Since { get; set; }

    /// <summary>It is not away: its files are shown as they were, and not confirmed yet.</summary>
    public bool Unconfirmed { get; set; }

    /// <summary><c>away</c>, <c>joining</c> or <c>unconfirmed</c>; empty from an earlier version.</summary>
    public string State { get; set; } = "";

    public bool IsJoining => State == "joining";

    /// <summary>Null for a whole node; otherwise the place that its disk cannot be read at.</summary>
    public string? Path { get; set; }

    /// <summary>Its management address; empty where it is not known.</summary>
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

/// <summary>A place that the node cannot read; its entries are shown as they were.</summary>
internal sealed record UnreadableReport
{
    public string Path { get; set; } = "";

    public long Since { get; set; }

    public string Reason { get; set; } = "";
}

/// <summary>What was left out of the scan for one reason.</summary>
internal sealed record SkippedStatus
{
    public string Reason { get; set; } = "";

    public long Count { get; set; }

    public IReadOnlyList<string> Examples { get; set; } = [];
}

/// <summary>How changes of the directory are noticed.</summary>
internal sealed record WatchReport
{
    /// <summary>Those that are watched.</summary>
    public long Directories { get; set; }

    public long Events { get; set; }

    public long Overflows { get; set; }

    public IReadOnlyList<PolledStatus> Polled { get; set; } = [];
}

/// <summary>Places that cannot be watched for one reason, and are read again and again instead.</summary>
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
