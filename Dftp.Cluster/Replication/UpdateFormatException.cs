namespace Dftp.Cluster.Replication;

/// <summary>An update message is invalid. The exception's message is a sentence for its sender. Nothing was applied.</summary>
/// <param name="message">The problem.</param>
/// <param name="isTooLarge">The message exceeds the limits of this node (RFC 9110 section 15.5.14), even if it is valid.</param>
public sealed class UpdateFormatException(string message, bool isTooLarge = false) : Exception(message)
{
    public bool IsTooLarge => isTooLarge;
}
