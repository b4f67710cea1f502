namespace Dftp.Ftp.Control;

internal enum ControlLineKind
{
    /// <summary>A line of text, whose verb can be unknown or empty.</summary>
    Command,

    /// <summary>A line that exceeded the limit; it was discarded.</summary>
    TooLong,

    /// <summary>A line with a NUL, or one that is not UTF-8.</summary>
    NotText,

    /// <summary>The client has closed its side, or the connection failed.</summary>
    End,

    /// <summary>No line: <see cref="ControlReader.Interrupt"/> was called.</summary>
    Interrupted,
}

/// <summary>The result of a read from the control connection.</summary>
/// <param name="Kind">What was read.</param>
/// <param name="Verb">In capitals; empty unless a command.</param>
/// <param name="Argument">The text after the first space, unchanged: names may begin and end with spaces.</param>
internal readonly record struct ControlLine(ControlLineKind Kind, string Verb = "", string Argument = "");
