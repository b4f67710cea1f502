using Dftp.FileSystem;
using Microsoft.Extensions.Logging;

namespace Dftp.Cluster.Peers;

internal static partial class MembershipLog
{
    [LoggerMessage(Level = LogLevel.Warning,
        Message = "no cluster secret: any machine of the network can join this cluster and show files at any path; "
            + "give all nodes the same --cluster-secret-file")]
    public static partial void AnyoneCanJoin(this ILogger log);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "--legacy-peers: nodes at {Hosts} are members without a signature, so they are not authenticated")]
    public static partial void LegacyPeers(this ILogger log, string hosts);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Node} joined, at {Address}")]
    public static partial void PeerJoined(this ILogger log, NodeName node, HostPort address);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Node} started again, at {Address}")]
    public static partial void PeerRestarted(this ILogger log, NodeName node, HostPort address);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Node} suspected: {Reason}")]
    public static partial void PeerSuspect(this ILogger log, NodeName node, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Node} declared dead; files held only by it are unavailable: {Reason}")]
    public static partial void PeerDied(this ILogger log, NodeName node, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Node} introduced but never reachable: {Reason}{More}")]
    public static partial void NeverReached(this ILogger log, NodeName node, string reason, string more);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "this node did not run for {Seconds:F1} s; the silence of its peers in that time does not count")]
    public static partial void DidNotRun(this ILogger log, double seconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Node} is forgotten")]
    public static partial void PeerForgotten(this ILogger log, NodeName node);

    [LoggerMessage(Level = LogLevel.Information, Message = "loaded {Count} known node(s)")]
    public static partial void Remembered(this ILogger log, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "cannot read {File}, the list of known nodes; it is ignored: {Reason}")]
    public static partial void KnownNodesUnreadable(this ILogger log, string file, string reason);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "cannot write {File}, the list of known nodes; after a restart they are not reported as missing: {Reason}")]
    public static partial void KnownNodesUnwritable(this ILogger log, string file, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Node} is still gone: {Reason}")]
    public static partial void PeerStillGone(this ILogger log, NodeName node, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Node} said goodbye")]
    public static partial void PeerLeft(this ILogger log, NodeName node);

    [LoggerMessage(Level = LogLevel.Information, Message = "sent a full update to {Node}: {Files} file(s) in {Milliseconds:F0} ms")]
    public static partial void PushedFull(this ILogger log, NodeName node, long files, double milliseconds);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "repaired what {Node} knows of this node: {Entries} entries of {Ranges} differing range(s) sent in {Milliseconds:F0} ms")]
    public static partial void Repaired(this ILogger log, NodeName node, int entries, int ranges, double milliseconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "cannot push an update to {Node}: {Reason}")]
    public static partial void PushFailed(this ILogger log, NodeName node, string reason);

    [LoggerMessage(Level = LogLevel.Error,
        Message = "another node, at {Address}, is called {Node} too: start one of the two with another --node-name{More}")]
    public static partial void SameName(this ILogger log, NodeName node, string address, string more);

    [LoggerMessage(Level = LogLevel.Warning, Message = "refused {Node} at {Address}: {Reason}{More}")]
    public static partial void Refused(this ILogger log, NodeName node, string address, string reason, string more);

    [LoggerMessage(Level = LogLevel.Warning, Message = "cannot join {Address}: {Reason}{More}")]
    public static partial void CannotJoin(this ILogger log, HostPort address, string reason, string more = "");

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Loop} stopped by an unexpected error: {Error}")]
    public static partial void LoopFailed(this ILogger log, string loop, string error);
}
