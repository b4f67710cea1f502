namespace Dftp.Node.CommandLine;

/// <summary>The source of a value. The first source that has an option wins.</summary>
/// <param name="Label">Appended to the option in messages: empty, or for example <c> (from DFTP_DFSROOT)</c>.</param>
internal readonly record struct ValueSource(string Label)
{
    public static ValueSource CommandLine => new("");

    public static ValueSource From(string where) => new($" (from {where})");
}

/// <summary>The texts given for each option, each from the source that wins.</summary>
internal sealed class OptionValues
{
    private readonly Dictionary<string, (ValueSource Source, IReadOnlyList<string> Texts)> _given = [];

    /// <summary>Adds the texts of a source, unless an earlier source has the option.</summary>
    public void AddUnlessGiven(OptionDefinition option, ValueSource source, IReadOnlyList<string> texts)
    {
        if (texts.Count > 1 && !option.IsRepeatable) throw new UsageException($"{option.Flag}{source.Label}: is given {texts.Count} times");
        _given.TryAdd(option.Name, (source, texts));
    }

    /// <summary>The source of an option's value.</summary>
    public ValueSource SourceOf(OptionDefinition option) =>
        _given.TryGetValue(option.Name, out var given) ? given.Source : ValueSource.CommandLine;

    /// <exception cref="UsageException">The value is invalid. The message names option and source.</exception>
    public T Get<T>(OptionDefinition<T> option)
    {
        var (source, texts) = _given.TryGetValue(option.Name, out var given) ? given : (ValueSource.CommandLine, [option.Default]);
        return Read(option, source, texts.Count == 0 ? option.Default : texts[0]);
    }

    /// <summary>The values of a repeatable option in the order given; an empty text means no value.</summary>
    /// <exception cref="UsageException">A value is not one; the message names option and source.</exception>
    public IReadOnlyList<T> GetAll<T>(OptionDefinition<T> option)
    {
        var (source, texts) = _given.TryGetValue(option.Name, out var given) ? given : (ValueSource.CommandLine, [option.Default]);
        return [.. texts.Where(text => text.Length > 0).Select(text => Read(option, source, text))];
    }

    /// <summary>Makes an error about the value of an option that parsing alone does not detect.</summary>
    public UsageException Wrong(OptionDefinition option, string problem) =>
        new($"{option.Flag}{SourceOf(option).Label}: {problem}");

    private static T Read<T>(OptionDefinition<T> option, ValueSource source, string text)
    {
        try
        {
            return option.Parse(text);
        }
        catch (FormatException problem)
        {
            throw new UsageException($"{option.Flag}{source.Label}: {problem.Message}");
        }
    }
}
