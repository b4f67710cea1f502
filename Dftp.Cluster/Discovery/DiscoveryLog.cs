using System.Net;
using Dftp.FileSystem;
using Microsoft.Extensions.Logging;

namespace Dftp.Cluster.Discovery;

internal static partial class DiscoveryLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "discovery by {Group} started")]
    public static partial void DiscoveryStarted(this ILogger logger, IPEndPoint group);

    [LoggerMessage(Level = LogLevel.Information, Message = "discovery by {Group} ended")]
    public static partial void DiscoveryEnded(this ILogger logger, IPEndPoint group);

    [LoggerMessage(Level = LogLevel.Warning, Message = "discovery by {Group} does not work now and is retried: {Reason}")]
    public static partial void DiscoveryFailing(this ILogger logger, IPEndPoint group, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "discovery by {Group} works again")]
    public static partial void DiscoveryWorks(this ILogger logger, IPEndPoint group);

    [LoggerMessage(Level = LogLevel.Error, Message = "discovery by {Group} failed: other nodes are no longer found")]
    public static partial void DiscoveryBroke(this ILogger logger, IPEndPoint group, Exception exception);

    [LoggerMessage(Level = LogLevel.Debug, Message = "joined {Group} on {Interface}")]
    public static partial void Joined(this ILogger logger, IPEndPoint group, string @interface);

    [LoggerMessage(Level = LogLevel.Debug, Message = "left {Group} on {Interface}")]
    public static partial void Left(this ILogger logger, IPEndPoint group, string @interface);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Group} cannot be used on the interface {Interface}: {Reason}")]
    public static partial void InterfaceFailed(this ILogger logger, IPEndPoint group, string @interface, string reason);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "another node has the name of this one, {Node}, at {Host}:{Port}: rename one of them")]
    public static partial void NamesakeHeard(this ILogger logger, NodeName node, string host, int port);

    [LoggerMessage(Level = LogLevel.Error, Message = "the announcement of {Node} at {Host}:{Port} could not be handled")]
    public static partial void SightingFailed(this ILogger logger, NodeName node, string host, int port, Exception exception);
}
