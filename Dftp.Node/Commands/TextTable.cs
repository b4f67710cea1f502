namespace Dftp.Node.Commands;

/// <summary>A table with columns two spaces apart. Terminal control characters are escaped.</summary>
/// <param name="headings">One for each column. A heading that begins with <c>&gt;</c> right-aligns its column, as for numbers.</param>
internal sealed class TextTable(params string[] headings)
{
    private const string Gap = "  ";

    private readonly List<string[]> _rows = [[.. headings.Select(heading => heading.TrimStart('>'))]];

    public void Add(params string[] cells) => _rows.Add([.. cells.Select(OneLine.Escape)]);

    public async Task WriteAsync(TextWriter output)
    {
        var widths = headings.Select((_, column) => _rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in _rows)
        {
            var cells = row.Select((cell, at) => headings[at].StartsWith('>') ? cell.PadLeft(widths[at]) : cell.PadRight(widths[at]));
            await output.WriteAsync(string.Join(Gap, cells).TrimEnd() + "\n");
        }
    }
}
