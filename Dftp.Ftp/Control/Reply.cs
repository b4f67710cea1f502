namespace Dftp.Ftp.Control;

/// <summary>
/// The reply that ends a command (or 150, which starts a transfer). A command method returns exactly one, so that no command is
/// answered twice.
/// </summary>
/// <param name="Code">Three digits.</param>
/// <param name="Text">The text of the (last) line; what could not stand in a line is replaced when it is written.</param>
internal sealed record Reply(int Code, string Text)
{
    /// <summary>The text of the first line of a reply of several lines; null for a reply of one line.</summary>
    public string? First { get; init; }

    /// <summary>The lines between the first and the last; each is written with a space before it.</summary>
    public IReadOnlyList<string> Lines { get; init; } = [];

    /// <summary>Whether the session ends after it.</summary>
    public bool IsLast { get; init; }

    /// <summary>Whether TLS starts after it.</summary>
    public bool StartsTls { get; init; }

    public static Reply Multiline(int code, string first, IReadOnlyList<string> lines, string last) =>
        new(code, last) { First = first, Lines = lines };
}
