using System.Text.Json;

namespace Dftp.Node.Commands;

/// <summary>The answer to <c>GET /status/</c>. Times are unix seconds, 0 for never; sizes are bytes.</summary>
internal sealed record StatusReport
{
    public required string Node { get; init; }

    public string Cluster { get; init; } = "";

    public string Version { get; init; } = "";

    public long UptimeSeconds { get; init; }

    /// <summary>Of the merged tree, as are the three that follow.</summary>
    public long Files { get; init; }

    public long Directories { get; init; }

    public long Bytes { get; init; }

    /// <summary>Copies that no path shows because another node has a directory there.</summary>
    public long HiddenFiles { get; init; }

    /// <summary>The node itself, and those that are there.</summary>
    public IReadOnlyList<NodeStatus> Nodes { get; init; } = [];

    public IReadOnlyList<MissingStatus> Missing { get; init; } = [];

    public ScanStatus Scan { get; init; } = new();

    /// <summary>Null where the node does not say how it follows its directory.</summary>
    public WatchReport? Watch { get; init; }

    /// <summary>Null where it is switched off.</summary>
    public DiscoveryReport? Discovery { get; init; }

    /// <summary>All but the node itself.</summary>
    public IEnumerable<NodeStatus> Peers => Nodes.Where(node => !node.IsSelf);

    /// <returns>Null when the body is no such report.</returns>
    public static StatusReport? Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            var report = JsonSerializer.Deserialize<StatusReport>(json.Span, AnswerJson.Options);
            return report is not null && report.Nodes.All(IsThere) && report.Missing.All(IsThere) && report.Scan.Skipped.All(IsThere)
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

    /// <summary><c>self</c>, <c>alive</c> or <c>suspect</c>.</summary>
    public string State { get; init; } = "";

    public string PublicAddress { get; init; } = "";

    public string ManagementAddress { get; init; } = "";

    public long Files { get; init; }

    public long Bytes { get; init; }

    public long LastAlive { get; init; }

    /// <summary>Changes that it has made and that are not known here; null where it does not tell.</summary>
    public long? Lag { get; init; }

    /// <summary>A node of the original program.</summary>
    public bool Original { get; init; }

    public bool IsSelf => State == "self";
}

internal sealed record MissingStatus
{
    public required string Name { get; init; }

    public long Since { get; init; }

    /// <summary>It is not away: its files are shown as they were, and not confirmed yet.</summary>
    public bool Unconfirmed { get; init; }

    /// <summary>Its management address; empty where it is not known.</summary>
    public string LastAddress { get; init; } = "";
}

internal sealed record ScanStatus
{
    /// <summary><c>scanning</c> for the first time, <c>following</c> the disk, <c>rootLost</c>, <c>failed</c> or <c>stopped</c>.</summary>
    public string State { get; init; } = "";

    /// <summary>Null when all is well.</summary>
    public string? Failure { get; init; }

    public long Finished { get; init; }

    public double DurationSeconds { get; init; }

    public long Files { get; init; }

    public IReadOnlyList<SkippedStatus> Skipped { get; init; } = [];
}

/// <summary>What was left out of the scan for one reason.</summary>
internal sealed record SkippedStatus
{
    public string Reason { get; init; } = "";

    public long Count { get; init; }

    public IReadOnlyList<string> Examples { get; init; } = [];
}

/// <summary>How changes of the directory are noticed.</summary>
internal sealed record WatchReport
{
    /// <summary>Those that are watched.</summary>
    public long Directories { get; init; }

    public long Events { get; init; }

    public long Overflows { get; init; }

    public IReadOnlyList<PolledStatus> Polled { get; init; } = [];
}

/// <summary>Places that cannot be watched for one reason, and are read again and again instead.</summary>
internal sealed record PolledStatus
{
    public string Reason { get; init; } = "";

    public long Count { get; init; }

    public string Example { get; init; } = "";
}

internal sealed record DiscoveryReport
{
    public long Sent { get; init; }

    public long Heard { get; init; }

    public long OtherClusters { get; init; }

    public string? LastOtherCluster { get; init; }

    public long Namesakes { get; init; }

    /// <summary>Null when all is well.</summary>
    public string? Failure { get; init; }
}
