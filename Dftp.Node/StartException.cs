namespace Dftp.Node;

/// <summary>
/// The node cannot start with its options. The message is one sentence that begins with the option at fault, for example
/// <c>--http-listen: port 7040 is in use</c>.
/// </summary>
internal sealed class StartException(string message, Exception? inner = null) : Exception(message, inner);
