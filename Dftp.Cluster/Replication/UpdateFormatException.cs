namespace Dftp.Cluster.Replication;

/// <summary>An update message breaks the rules; the message is a sentence for its sender. Nothing of it was applied.</summary>
/// <param name="message">What is wrong.</param>
/// <param name="isTooLarge">It is more than this node takes (RFC 9110 section 15.5.14), be it as good as it may.</param>
public sealed class UpdateFormatException(string message, bool isTooLarge = false) : Exception(message)
{
    public bool IsTooLarge => isTooLarge;
}
