namespace Dftp.Node.CommandLine;

/// <summary>The user asked for what cannot be. The message is one sentence that names the option; nothing was started.</summary>
internal sealed class UsageException(string message) : Exception(message);
