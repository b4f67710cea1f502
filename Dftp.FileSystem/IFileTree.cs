namespace Dftp.FileSystem;

/// <summary>A tree. Whoever reads it does so as a principal: no front end reaches an unfiltered tree. Thread-safe.</summary>
public interface IFileTree
{
    /// <summary>
    /// The tree as a principal sees it. Cheap enough for every request; a view of a principal that reads everything costs nothing.
    /// </summary>
    ITreeView For(Principal principal);
}
