namespace Dftp.Ftp.Control;

internal enum ControlLineKind
{
    /// <summary>A line of text; its verb can be unknown or empty.</summary>
    Command,

    /// <summary>The line was longer than the limit; all of it was dropped.</summary>
    TooLong,

    /// <summary>The line holds a NUL or is not UTF-8.</summary>
    NotText,

    /// <summary>The client has closed its side, or the connection broke.</summary>
    End,

    /// <summary>No line: someone called <see cref="ControlReader.Interrupt"/>.</summary>
    Interrupted,
}

/// <summary>What came over the control connection.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Verb">In capitals; empty unless a command.</param>
/// <param name="Argument">All that follows the first space, unchanged: names may begin and end with spaces.</param>
internal readonly record struct ControlLine(ControlLineKind Kind, string Verb = "", string Argument = "");
