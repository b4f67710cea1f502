namespace Dftp.Ftp.Control;

/// <summary>
/// The final reply to a command, or 150. A command's handler returns exactly one, so no command is answered twice.
/// </summary>
/// <param name="Code">Three digits.</param>
/// <param name="Text">The text of the only or last line. Control characters are replaced when it is written.</param>
internal sealed record Reply(int Code, string Text)
{
    /// <summary>The text of the first line of a multi-line reply; null for a single line.</summary>
    public string? First { get; init; }

    /// <summary>The lines between the first and the last; each is indented by a space.</summary>
    public IReadOnlyList<string> Lines { get; init; } = [];

    /// <summary>Whether the session ends after it.</summary>
    public bool IsLast { get; init; }

    /// <summary>Whether TLS starts after it.</summary>
    public bool StartsTls { get; init; }

    public static Reply Multiline(int code, string first, IReadOnlyList<string> lines, string last) =>
        new(code, last) { First = first, Lines = lines };
}
