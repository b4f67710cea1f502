namespace Dftp.FileSystem;

/// <summary>
/// A condition on names. Who reads patterns from users decides what they mean; the tree only asks which names match. Immutable
/// and thread-safe.
/// </summary>
public abstract class NamePattern
{
    /// <param name="text">The pattern as the user wrote it.</param>
    protected NamePattern(string text) => Text = text;

    /// <summary>The pattern as the user wrote it.</summary>
    public string Text { get; }

    /// <summary>
    /// Lower-case ASCII text that every matching name contains, in any case; empty when there is none. The tree skips names
    /// without it.
    /// </summary>
    public abstract ReadOnlySpan<byte> Literal { get; }

    /// <summary>Whether a name in UTF-8 matches.</summary>
    public abstract bool Matches(ReadOnlySpan<byte> nameUtf8);

    public override string ToString() => Text;
}
