namespace Dftp.Cluster.Replication;

/// <summary>An update message breaks the rules; the message is a sentence for its sender. Nothing of it was applied.</summary>
public sealed class UpdateFormatException(string message) : Exception(message);
