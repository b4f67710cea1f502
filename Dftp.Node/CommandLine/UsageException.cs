namespace Dftp.Node.CommandLine;

/// <summary>The command line is invalid. The message is one sentence that names the option. Nothing was started.</summary>
internal sealed class UsageException(string message) : Exception(message);
